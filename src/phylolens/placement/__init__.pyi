"""The names of this package, and the files they stand in."""

from .branches import Branches as Branches
from .placer import Placed as Placed
from .placer import TreePlacer as TreePlacer
from .points import Points as Points
