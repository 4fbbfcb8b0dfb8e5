"""One image to stand for a taxon: the image nearest to the taxon's mean."""

import numpy as np
import pandas as pd

from phylolens.values import Features


def portraits(features: Features, taxa: pd.Series, means: Features) -> pd.DataFrame:
    """Choose the most typical image of every taxon.

    Parameters
    ----------
    features : Features
        One row an image.
    taxa : Series of str
        Taxon of each image, indexed by image id; images of unknown taxon are left out.
    means : Features
        One row a taxon (see :func:`phylolens.stats.taxon_means`).

    Returns
    -------
    DataFrame
        Columns ``taxon``, ``file``: the image whose features have the smallest angle to the
        taxon's mean, ties by name; taxa without an image are left out.
    """
    rows_of = pd.Series(np.arange(len(features)), index=list(features.ids))
    found = []
    for taxon, mean in zip(means.ids, means.matrix.astype(np.float64), strict=True):
        files = sorted(taxa.index[taxa == taxon].intersection(rows_of.index))
        if not files:
            continue
        rows = features.matrix[rows_of[files]].astype(np.float64)
        lengths = np.linalg.norm(rows, axis=1)
        cosines = rows @ mean / np.where(lengths > 0, lengths, 1.0)
        found.append((taxon, files[int(np.argmax(np.round(cosines, 9)))]))
    return pd.DataFrame(found, columns=["taxon", "file"])
