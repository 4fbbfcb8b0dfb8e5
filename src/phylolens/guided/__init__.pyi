"""The names of this package, and the files they stand in."""

from .apply import embed_new as embed_new
from .in_sample import GuideResult as GuideResult
from .in_sample import fit_guided as fit_guided
from .in_sample import load_pool as load_pool
from .in_sample import write_guided as write_guided
from .learners.finetune import FEATURES_HINT as FEATURES_HINT
from .published import AttentionPool as AttentionPool
from .published import Bags as Bags
from .published import to_bags as to_bags
from .recipes import GUIDE_RECIPES as GUIDE_RECIPES
from .recipes import GuideRecipe as GuideRecipe
