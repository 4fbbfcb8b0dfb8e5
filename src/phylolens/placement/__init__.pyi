"""The names of this package, and the files they stand in."""

from .branches import Branches as Branches
from .points import Points as Points
