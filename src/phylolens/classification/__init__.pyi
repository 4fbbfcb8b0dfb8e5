"""The names of this package, and the files they stand in."""

from .assessment import assess as assess
from .assessment import assessment_split as assessment_split
from .assessment import n_calibrated as n_calibrated
from .assessment import novelty_of_folds as novelty_of_folds
from .calibrated import fit_calibrated as fit_calibrated
from .consistency import compare_schemes as compare_schemes
from .evaluate import mean_and_sd as mean_and_sd
from .experiment import ClassifyResult as ClassifyResult
from .experiment import classify as classify
from .experiment import testable_ranks as testable_ranks
from .few_shot import few_shot_scores as few_shot_scores
from .heads import HEADS as HEADS
from .heads import choice_of as choice_of
from .heads import make_head as make_head
from .imbalance import head_of as head_of
from .importance import feature_ranking as feature_ranking
from .intervals import with_intervals as with_intervals
from .model_file import save_model as save_model
from .near_duplicates import find_near_duplicates as find_near_duplicates
from .predict import predict_new as predict_new
from .sources import source_check as source_check
