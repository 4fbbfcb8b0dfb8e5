"""The bench on values in memory: what ``phylolens bench`` does, without files."""

from collections.abc import Sequence
from typing import Any

from phylolens.pipeline.signal import context_of
from phylolens.pipeline.stages.bench import find_bench
from phylolens.progress import Progress, silent
from phylolens.results.bench import BenchResult


def bench(
    features: Any,
    specimens: Any,
    tree: Any,
    *,
    cells: str | Sequence[str] = "all",
    rank: str | None = None,
    seed: int = 0,
    progress: Progress = silent,
    **settings: Any,
) -> BenchResult:
    """Judge paradigms of similarity learning on the same held-out clades.

    The best row of many is the best partly by chance: look at the whole table.

    Parameters
    ----------
    features : Features, DataFrame, str or Path
        One row an image or a specimen; ids in the index of a DataFrame. Methods that compare
        altered views of images, or work on the images themselves, are left out and say so.
    specimens : Specimens, DataFrame, str or Path
        Labels of the rows, with a rank above that of comparison whose clades can be held out.
    tree : TreeNode, DistanceMatrix, DataFrame, str or Path
        A tree, or genetic distances.
    cells : str or sequence of str
        Categories, cells or methods; ``all`` for all.
    rank : str, optional
        Rank of comparison; family by default where there is one, else the finest.
    seed : int
        Of everything random.
    progress : callable
        Told how far the bench is.
    **settings
        Those of :class:`phylolens.pipeline.settings.BenchSettings`, such as ``budget``.

    Returns
    -------
    BenchResult
        One row a method; ``table()`` gives them as a DataFrame.

    Raises
    ------
    InputError
        If something cannot be matched, or a cell has no such name.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> import phylolens as pl
    >>> tree = "(((a:1,b:1):1,c:2):1,((d:1,e:1):1,(f:1.5,g:1.5):0.5):1);"
    >>> ids = [f"{name}{number}" for name in "abcdefg" for number in range(3)]
    >>> meta = pd.DataFrame({"file": ids, "order": list("AAAAAABBBCCCCCCDDDDDD"),
    ...                      "family": [name[0] for name in ids]})
    >>> rng = np.random.default_rng(0)
    >>> places = pd.DataFrame(rng.normal(size=(21, 4)), index=ids)
    >>> found = pl.bench(places, meta, tree, cells="foundational/distances", refits=0)
    >>> found.table()["name"].tolist()
    ['euclidean', 'manhattan', 'cosine']
    """
    named = (cells,) if isinstance(cells, str) else tuple(cells)
    own = {"cells": named, **settings}
    return find_bench(context_of(features, tree, specimens, rank, seed, progress, bench=own))
