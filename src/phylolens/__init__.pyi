"""The public names, as type checkers and editors see them."""

from .classification.hierarchical import HierarchicalClassifier as HierarchicalClassifier
from .embedding.feature_file import as_features as as_features
from .embedding.feature_file import read_features as read_features
from .embedding.files import embed as embed
from .errors import InputError as InputError
from .guided.embedding_model import CladeValidation as CladeValidation
from .guided.embedding_model import GuidedEmbedding as GuidedEmbedding
from .guided.embedding_model import cross_validate_clades as cross_validate_clades
from .phylogeny import as_covariance as as_covariance
from .phylogeny import as_distances as as_distances
from .phylogeny import as_tree as as_tree
from .phylogeny import read_distances as read_distances
from .phylogeny import read_tree as read_tree
from .pipeline.bench import bench as bench
from .pipeline.run import run as run
from .pipeline.settings import Settings as Settings
from .pipeline.signal import compare_embeddings as compare_embeddings
from .pipeline.signal import signal as signal
from .placement.placer import TreePlacer as TreePlacer
from .report import write_report as write_report
from .results.bench import BenchResult as BenchResult
from .results.placement import PlacementResult as PlacementResult
from .results.signal import SignalResult as SignalResult
from .simulation import simulate_world as simulate_world
from .specimens import Specimens as Specimens
from .specimens import as_specimens as as_specimens
from .specimens import read_specimens as read_specimens
from .stats.dcor import distance_correlation as distance_correlation
from .stats.kmult import kmult as kmult
from .stats.lambda_fit import pagel_lambda as pagel_lambda
from .stats.lambda_score import lambda_score as lambda_score
from .stats.mantel import mantel as mantel
from .stats.means import taxon_means as taxon_means
from .stats.protest import protest as protest
from .stats.visual import visual_distances as visual_distances
from .values import Features as Features
from .values import TestResult as TestResult

__version__: str
