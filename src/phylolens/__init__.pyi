"""The public names, as type checkers and editors see them."""

from phylolens.classification.hierarchical import HierarchicalClassifier as HierarchicalClassifier
from phylolens.embedding.feature_file import as_features as as_features
from phylolens.embedding.feature_file import read_features as read_features
from phylolens.embedding.files import embed as embed
from phylolens.errors import InputError as InputError
from phylolens.guided.embedding_model import CladeValidation as CladeValidation
from phylolens.guided.embedding_model import GuidedEmbedding as GuidedEmbedding
from phylolens.guided.embedding_model import cross_validate_clades as cross_validate_clades
from phylolens.phylogeny import as_covariance as as_covariance
from phylolens.phylogeny import as_distances as as_distances
from phylolens.phylogeny import as_tree as as_tree
from phylolens.phylogeny import read_distances as read_distances
from phylolens.phylogeny import read_tree as read_tree
from phylolens.pipeline.run import run as run
from phylolens.pipeline.settings import Settings as Settings
from phylolens.pipeline.signal import SignalResult as SignalResult
from phylolens.pipeline.signal import compare_embeddings as compare_embeddings
from phylolens.pipeline.signal import signal as signal
from phylolens.report import write_report as write_report
from phylolens.simulation import simulate_world as simulate_world
from phylolens.specimens import Specimens as Specimens
from phylolens.specimens import as_specimens as as_specimens
from phylolens.specimens import read_specimens as read_specimens
from phylolens.stats.dcor import distance_correlation as distance_correlation
from phylolens.stats.kmult import kmult as kmult
from phylolens.stats.lambda_fit import pagel_lambda as pagel_lambda
from phylolens.stats.lambda_score import lambda_score as lambda_score
from phylolens.stats.mantel import mantel as mantel
from phylolens.stats.means import taxon_means as taxon_means
from phylolens.stats.protest import protest as protest
from phylolens.stats.visual import visual_distances as visual_distances
from phylolens.values import Features as Features
from phylolens.values import TestResult as TestResult

__version__: str
