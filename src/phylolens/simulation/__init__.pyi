"""The names of this package, and the files they stand in."""

from .barcodes import simulate_barcodes as simulate_barcodes
from .barcodes import write_barcodes as write_barcodes
from .brownian import brownian as brownian
from .brownian import with_lambda as with_lambda
from .camera import View as View
from .camera import draw_view as draw_view
from .features import features_world as features_world
from .features import simulate_features as simulate_features
from .features import write_features as write_features
from .shell import render_shell as render_shell
from .spec import WorldSpec as WorldSpec
from .traits import TRAITS as TRAITS
from .traits import named_traits as named_traits
from .traits import trait_values as trait_values
from .tree import NamedTree as NamedTree
from .tree import birth_death_tree as birth_death_tree
from .world import World as World
from .world import build_world as build_world
from .world import render_image as render_image
from .world import simulate_world as simulate_world
