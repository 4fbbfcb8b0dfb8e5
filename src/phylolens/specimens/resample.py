"""Even out class sizes: which originals to keep and which altered copies to add.

Plans name files and copy numbers only; copy 0 is the picture itself, copy k its k-th alteration.
The same file and number always give the same altered picture, so plans share work.
"""

import numpy as np
import pandas as pd

from phylolens.errors import InputError


def _copies(files: np.ndarray, count: int) -> list[tuple[str, int]]:
    """Spread ``count`` altered copies evenly over ``files``, numbered from 1."""
    return [(str(files[i % len(files)]), i // len(files) + 1) for i in range(count)]


def view_id(file: str, copy: int, augmentation: str) -> str:
    """Name a picture or one of its altered copies: ``a.jpg`` or ``a.jpg#gaussian-noise-3``."""
    return f"{file}#{augmentation}-{copy}" if copy else file


def raise_rare(labels: pd.Series, to: int, *, seed: int) -> pd.DataFrame:
    """Plan altered copies that raise every rare class to ``to`` pictures.

    Classes are never raised above the size of the largest one; frequent classes are left alone.

    Parameters
    ----------
    labels : Series of str
        Class of each training picture, indexed by file; missing labels are left out.
    to : int
        Size to reach; 0 adds nothing.
    seed : int
        Decides which pictures are copied once more when the copies do not divide evenly.

    Returns
    -------
    DataFrame
        Columns ``file``, ``copy`` (0 for each original), ``label``.
    """
    known = labels.dropna()
    target = min(to, int(known.value_counts().max())) if len(known) else 0
    rng = np.random.default_rng(seed)
    rows: list[tuple[str, int, str]] = []
    for label, members in known.groupby(known, sort=True):
        files = members.index.to_numpy()
        added = _copies(rng.permutation(files), max(0, target - len(files)))
        rows += [(str(file), 0, str(label)) for file in files]
        rows += [(file, copy, str(label)) for file, copy in added]
    return pd.DataFrame(rows, columns=["file", "copy", "label"])


def balance(labels: pd.Series, per_taxon: int, *, seed: int) -> pd.DataFrame:
    """Plan exactly ``per_taxon`` pictures a taxon: sample down, or add altered copies.

    Parameters
    ----------
    labels : Series of str
        Taxon of each picture, indexed by file; missing labels are left out.
    per_taxon : int
        Pictures wanted of each taxon.
    seed : int
        Decides which pictures stay and which are copied.

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
        raise InputError(f"at least one picture a taxon is needed; got {per_taxon}.")
    rng = np.random.default_rng(seed)
    rows: list[tuple[str, int, str]] = []
    for label, members in labels.dropna().groupby(labels.dropna(), sort=True):
        files = rng.permutation(members.index.to_numpy())
        kept = [(str(file), 0) for file in files[:per_taxon]]
        kept += _copies(files, max(0, per_taxon - len(files)))
        rows += [(file, copy, str(label)) for file, copy in kept]
    return pd.DataFrame(rows, columns=["file", "copy", "label"])
