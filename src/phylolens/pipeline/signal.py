"""The signal block on values in memory: what ``phylolens signal`` does, without files."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pandas as pd

from phylolens import stats
from phylolens.embedding.feature_file import as_features
from phylolens.errors import InputError
from phylolens.phylogeny import as_phylogeny
from phylolens.pipeline.context import RunContext
from phylolens.pipeline.dataset import dataset_of
from phylolens.pipeline.image_features import ImageFeatures
from phylolens.pipeline.settings import make_settings
from phylolens.pipeline.stages.signal import find_signal
from phylolens.pipeline.stages.taxon_features import TaxonFeatures
from phylolens.progress import Progress, silent
from phylolens.results.signal import SignalResult
from phylolens.specimens import as_specimens
from phylolens.stats.model_intervals import model_intervals

__all__ = ["SignalResult", "compare_embeddings", "signal"]


def signal(
    features: Any,
    tree: Any,
    specimens: Any = None,
    *,
    rank: str | None = None,
    seed: int = 0,
    progress: Progress = silent,
    **settings: Any,
) -> SignalResult:
    """Test whether visual distance follows genetic distance; taxa are permuted.

    Parameters
    ----------
    features : Features, DataFrame, str or Path
        One row an image, a specimen or a taxon; ids in the index of a DataFrame.
    tree : TreeNode, DistanceMatrix, DataFrame, str or Path
        A tree, or genetic distances.
    specimens : Specimens, DataFrame, str or Path, optional
        Labels of the rows; without them the ids of the features are taxa.
    rank : str, optional
        Rank of comparison; family by default where there is one, else the finest.
    seed : int
        Of permutations and simulations.
    progress : callable
        Told how far the tests are.
    **settings
        Those of :class:`phylolens.pipeline.settings.SignalSettings`, such as ``permutations``, and
        ``confound``.

    Returns
    -------
    SignalResult
        Every test, the distances compared, and what disagrees with the tree.

    Raises
    ------
    InputError
        If something cannot be matched or compared.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from phylolens import signal
    >>> names = list("abcdefg")
    >>> tree = "(((a:1,b:1):1,c:2):1,((d:1,e:1):1,(f:1.5,g:1.5):0.5):1);"
    >>> places = np.random.default_rng(1).normal(size=(7, 5)) + np.repeat([0, 3], [3, 4])[:, None]
    >>> found = signal(pd.DataFrame(places, index=names), tree, permutations=99, simulations=40)
    >>> found.primary, found.n_taxa
    ('lambda_score', 7)
    """
    confound = settings.pop("confound", None)
    context = context_of(features, tree, specimens, rank, seed, progress, confound, signal=settings)
    return find_signal(context).result


def compare_embeddings(
    embeddings: Mapping[str, Any],
    tree: Any,
    specimens: Any = None,
    *,
    rank: str | None = None,
    permutations: int = 999,
    repetitions: int | None = None,
    seed: int = 0,
    **settings: Any,
) -> pd.DataFrame:
    """Set the main tests of several embeddings of the same taxa side by side.

    Whoever reports the best row alone has tested as often as there are rows: show the whole table.
    Intervals of two embeddings overlap more easily than a test of their difference would say, since
    both are of the same taxa and the same tree.

    Parameters
    ----------
    embeddings : mapping of str to Features, DataFrame, str or Path
        By name.
    tree : TreeNode, DistanceMatrix, DataFrame, str or Path
        A tree, or genetic distances.
    specimens : Specimens, DataFrame, str or Path, optional
        Labels of the rows; without them the ids of the features are taxa.
    rank : str, optional
        Rank of comparison; family by default where there is one, else the finest.
    permutations : int
        The same random ones for all embeddings.
    repetitions : int, optional
        Of evolution along the tree, for the intervals (see
        :func:`phylolens.stats.model_intervals.model_intervals`); 0 for none.
    seed : int
        Of the permutations.
    **settings
        As for :func:`signal`.

    Returns
    -------
    DataFrame
        One row an embedding and test: ``embedding``, ``test``, ``statistic``, ``interval`` (95%,
        evolution repeated along the tree; None where it cannot be had), ``z``, ``p_value``,
        ``n_taxa``.

    Raises
    ------
    InputError
        If the embeddings do not show the same taxa.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from phylolens import compare_embeddings
    >>> tree = "(((a:1,b:1):1,c:2):1,((d:1,e:1):1,(f:1.5,g:1.5):0.5):1);"
    >>> noise = np.random.default_rng(1).normal(size=(7, 5))
    >>> clades = noise + np.repeat([0, 3], [3, 4])[:, None]
    >>> names = list("abcdefg")
    >>> both = {"noise": pd.DataFrame(noise, names), "clades": pd.DataFrame(clades, names)}
    >>> table = compare_embeddings(both, tree, permutations=99)
    >>> table.loc[table["test"] == "kmult", ["embedding", "statistic"]].round(2).values.tolist()
    [['noise', 0.63], ['clades', 0.78]]
    """
    rows: list[dict[str, Any]] = []
    first: tuple[str, tuple[str, ...]] | None = None
    confound = settings.pop("confound", None)
    for name, features in embeddings.items():
        context = context_of(
            features, tree, specimens, rank, seed, silent, confound, signal=settings
        )
        own, ranked = (
            TaxonFeatures(context.dataset, context.images.originals),
            context.dataset.ranked,
        )
        assert ranked is not None
        first = first or (name, own.taxa)
        if own.taxa != first[1]:
            raise InputError(
                f"'{name}' and '{first[0]}' show different taxa.",
                ids=sorted(set(own.taxa) ^ set(first[1])),
                hint="Compare them on the taxa that all of them show.",
            )
        taxa, options = list(own.taxa), context.settings.signal
        compared = (
            own.distances(options.distance, debias=options.debias),
            ranked.distances.filter(taxa),
            ranked.covariance.loc[taxa, taxa],
        )
        intervals: Mapping[str, tuple[float, float] | None] = {}
        if repetitions != 0:
            with suppress(InputError):
                intervals = model_intervals(
                    *compared, axes=options.axes, draws=repetitions, seed=seed
                )
        tests = stats.main_tests(*compared, permutations=permutations, seed=seed)
        rows += [
            {
                "embedding": name,
                "test": test,
                "statistic": found.statistic if found else None,
                "interval": intervals.get(test) if found else None,
                "z": found.z if found else None,
                "p_value": found.p_value if found else None,
                "n_taxa": len(taxa),
            }
            for test, found in tests.by_name.items()
        ]
    return pd.DataFrame(rows)


def context_of(
    features: Any,
    tree: Any,
    specimens: Any,
    rank: str | None,
    seed: int,
    progress: Progress,
    confound: Any = None,
    **sections: Mapping[str, Any],
) -> RunContext:
    """Bring values in memory to a run context; ``sections`` are settings of stages."""
    made = make_settings(
        {
            "rank": rank,
            "seed": seed,
            "confound": (confound,) if isinstance(confound, str) else confound,
            **sections,
        }
    )
    labels = None if specimens is None else as_specimens(specimens)
    dataset = dataset_of(made, as_features(features), labels, as_phylogeny(tree))
    return RunContext(made, dataset, ImageFeatures(made, dataset, progress), progress)
