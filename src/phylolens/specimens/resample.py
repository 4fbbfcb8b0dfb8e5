"""Even out class sizes: which originals to keep and which altered copies to add.

Plans name files and copy numbers only; copy 0 is the image itself, copy k its k-th alteration.
The same file and number always give the same altered image, so plans share work.
"""

import heapq
from collections.abc import Sequence

import numpy as np
import pandas as pd

from phylolens.errors import InputError
from phylolens.random import stream


def _copies(files: np.ndarray, count: int) -> list[tuple[str, int]]:
    """Spread ``count`` altered copies evenly over ``files``, numbered from 1."""
    return [(str(files[i % len(files)]), i // len(files) + 1) for i in range(count)]


def view_id(file: str, copy: int, augmentation: str) -> str:
    """Name an image or one of its altered copies: ``a.jpg`` or ``a.jpg#gaussian-noise-3``."""
    return f"{file}#{augmentation}-{copy}" if copy else file


def raise_rare(labels: pd.Series, to: int, *, seed: int) -> pd.DataFrame:
    """Plan altered copies that raise every rare class to ``to`` images.

    Classes are never raised above the size of the largest one; frequent classes are left alone.

    Parameters
    ----------
    labels : Series of str
        Class of each training image, indexed by file; missing labels are left out.
    to : int
        Size to reach; 0 adds nothing.
    seed : int
        Decides which images are copied once more when the copies do not divide evenly.

    Returns
    -------
    DataFrame
        Columns ``file``, ``copy`` (0 for each original), ``label``.
    """
    known = labels.dropna()
    target = min(to, int(known.value_counts().max())) if len(known) else 0
    rng = stream(seed, "specimens.resample")
    rows: list[tuple[str, int, str]] = []
    for label, members in known.groupby(known, sort=True):
        files = members.index.to_numpy()
        added = _copies(rng.permutation(files), max(0, target - len(files)))
        rows += [(str(file), 0, str(label)) for file in files]
        rows += [(file, copy, str(label)) for file, copy in added]
    return pd.DataFrame(rows, columns=["file", "copy", "label"])


def balance(labels: pd.Series, per_taxon: int, *, seed: int | Sequence[int]) -> pd.DataFrame:
    """Plan exactly ``per_taxon`` images a taxon: sample down, or add altered copies.

    Parameters
    ----------
    labels : Series of str
        Taxon of each image, indexed by file; missing labels are left out.
    per_taxon : int
        Images wanted of each taxon.
    seed : int, or sequence of int
        Decides which images stay and which are copied; the order of the rows does not.

    Returns
    -------
    DataFrame
        Columns ``file``, ``copy``, ``label``; ``per_taxon`` rows a taxon.

    Raises
    ------
    InputError
        If ``per_taxon`` is less than one.
    """
    if per_taxon < 1:
        raise InputError(f"at least one image a taxon is needed; got {per_taxon}.")
    rng = stream(seed, "specimens.resample")
    rows: list[tuple[str, int, str]] = []
    known = labels.dropna().sort_index()
    for label, members in known.groupby(known, sort=True):
        files = rng.permutation(members.index.to_numpy())
        kept = [(str(file), 0) for file in files[:per_taxon]]
        kept += _copies(files, max(0, per_taxon - len(files)))
        rows += [(file, copy, str(label)) for file, copy in kept]
    return pd.DataFrame(rows, columns=["file", "copy", "label"])


def repeat(labels: pd.Series, copies: int) -> pd.DataFrame:
    """Plan every image together with ``copies`` altered copies of it.

    Parameters
    ----------
    labels : Series of str
        Class of each training image, indexed by file; missing labels are left out.
    copies : int
        Altered copies of each image; 0 adds nothing.

    Returns
    -------
    DataFrame
        Columns ``file``, ``copy`` (0 for each original), ``label``; the originals first.

    Raises
    ------
    InputError
        If ``copies`` is negative.
    """
    if copies < 0:
        raise InputError(f"the number of copies cannot be negative; got {copies}.")
    known = labels.dropna().astype(str)
    once = pd.DataFrame({"file": known.index.astype(str), "copy": 0, "label": known.to_numpy()})
    rounds = [once.assign(copy=number) for number in range(copies + 1)]
    return pd.concat(rounds, ignore_index=True)


def sample_down(
    labels: pd.Series, lineage: pd.DataFrame, to: int, *, seed: int | Sequence[int]
) -> pd.DataFrame:
    """Plan at most ``to`` images a class, and lose no genus or species of it.

    A class above ``to`` is reduced to it: its images are shared out evenly over its genera,
    those of a genus evenly over its species, and so on through the ranks of ``lineage``; a taxon
    with fewer images than its share keeps them all, and every taxon keeps one. A class of more
    species than ``to`` keeps one image of each and so stays larger than ``to``. Smaller classes
    are left alone.

    Parameters
    ----------
    labels : Series of str
        Class of each training image, indexed by file; missing labels are left out.
    lineage : DataFrame
        Ranks below the class, coarse to fine, indexed by file. Images with an unknown label
        have a share like that of one more taxon, without a right to keep one.
    to : int
        Images wanted of a class.
    seed : int, or sequence of int
        Decides which images stay, and who gets what does not divide evenly.

    Returns
    -------
    DataFrame
        Columns ``file``, ``copy`` (always 0), ``label``; sorted by label and file.

    Raises
    ------
    InputError
        If ``to`` is less than one, or an image has no row in ``lineage``.
    """
    if to < 1:
        raise InputError(f"at least one image a class is needed; got {to}.")
    known = labels.dropna().astype(str).sort_index()
    missing = known.index.difference(lineage.index)
    if len(missing):
        raise InputError("images without a lineage.", ids=list(missing))
    finer = lineage.loc[known.index].astype(object).fillna("").to_numpy()
    rng = stream(seed, "specimens.resample")
    rows: list[tuple[str, int, str]] = []
    for label, members in known.groupby(known, sort=True):
        places = known.index.get_indexer(members.index)
        budget = max(to, _taxa_within(finer[places]))
        kept = places if len(places) <= budget else _share_out(places, finer, budget, 0, rng)
        rows += [(str(known.index[place]), 0, str(label)) for place in sorted(kept)]
    return pd.DataFrame(rows, columns=["file", "copy", "label"])


def _groups(places: np.ndarray, names: np.ndarray) -> list[tuple[str, np.ndarray]]:
    taxa, codes = np.unique(names.astype(str), return_inverse=True)
    return [(str(name), places[codes == code]) for code, name in enumerate(taxa)]


def _taxa_within(finer: np.ndarray) -> int:
    """Images needed to keep one of every taxon: ends of known lineages below this point."""
    if not finer.shape[1]:
        return 0
    groups = _groups(np.arange(len(finer)), finer[:, 0])
    return sum(max(int(name != ""), _taxa_within(finer[rows, 1:])) for name, rows in groups)


def _share_out(
    places: np.ndarray, finer: np.ndarray, budget: int, depth: int, rng: np.random.Generator
) -> list[int]:
    """Draw ``budget`` of the rows, evenly over the taxa at ``depth`` and those below them."""
    if depth == finer.shape[1]:
        return [int(place) for place in rng.permutation(places)[:budget]]
    groups = _groups(places, finer[places, depth])
    shares = [max(int(name != ""), _taxa_within(finer[rows, depth + 1 :])) for name, rows in groups]
    # The poorest with something left gets the next one; chance decides between equals.
    chance = rng.permutation(len(groups))
    poorest = [(share, chance[at], at) for at, share in enumerate(shares)]
    heapq.heapify(poorest)
    left = budget - sum(shares)
    while left:
        share, tie, at = heapq.heappop(poorest)
        if share < len(groups[at][1]):
            shares[at] += 1
            left -= 1
            heapq.heappush(poorest, (share + 1, tie, at))
    drawn: list[int] = []
    for (_, rows), share in zip(groups, shares, strict=True):
        drawn += _share_out(rows, finer, share, depth + 1, rng)
    return drawn
