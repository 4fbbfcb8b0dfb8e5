"""The names of this package, and the files they stand in."""

from .bench import run_bench as run_bench
from .cells import CELLS as CELLS
from .cells import Cell as Cell
from .data import BenchData as BenchData
from .data import bench_data as bench_data
from .material import Material as Material
from .material import Views as Views
from .method import Method as Method
from .registry import choose_methods as choose_methods
from .tree_free import OfLabels as OfLabels
from .tree_free import TreeFree as TreeFree
