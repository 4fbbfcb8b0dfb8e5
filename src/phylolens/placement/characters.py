"""Axes of features as continuous characters of taxa, for programs that evolve them on trees."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from phylolens.errors import InputError
from phylolens.writing import write_text

UNSAFE = re.compile(r"[^\w.]+")


def safe_names(taxa: Sequence[str]) -> list[str]:
    """Make names of one word that every program takes: letters, digits, points and underscores.

    Raises
    ------
    InputError
        If two names become one.
    """
    found = [UNSAFE.sub("_", name).strip("_") or "_" for name in taxa]
    counts = Counter(found)
    alike = [name for name, safe in zip(taxa, found, strict=True) if counts[safe] > 1]
    if alike:
        raise InputError(
            "names of taxa that become equal where blanks and signs are underscores.",
            ids=sorted(alike),
            hint="Give these taxa names that differ in letters or digits.",
        )
    return found


def write_nexus_characters(path: Path, means: pd.DataFrame) -> None:
    """Write continuous characters as NEXUS, as RevBayes, MrBayes, BEAST and Mesquite read them.

    Parameters
    ----------
    path : Path
    means : DataFrame, shape (taxa, axes)
        Indexed by taxon; no missing values.
    """
    names = safe_names(list(means.index))
    width = max(map(len, names))
    rows = [
        f"    {name:<{width}} {' '.join(f'{value:.9g}' for value in row)}"
        for name, row in zip(names, means.to_numpy(), strict=True)
    ]
    labels = " ".join(str(name) for name in means.columns)
    lines = [
        "#NEXUS",
        "BEGIN DATA;",
        f"  DIMENSIONS NTAX={len(means)} NCHAR={means.shape[1]};",
        "  FORMAT DATATYPE=CONTINUOUS MISSING=? GAP=-;",
        f"  CHARLABELS {labels};",
        "  MATRIX",
        *rows,
        "  ;",
        "END;",
    ]
    write_text(path, "\n".join(lines) + "\n")


def write_trait_table(
    path: Path, means: pd.DataFrame, variances: pd.DataFrame, counts: pd.Series
) -> None:
    """Write characters as a table with a header, separated by tabs.

    Columns ``taxon``, the axes, ``variance_`` of each axis (of specimens within the taxon) and
    ``n_specimens``.

    Parameters
    ----------
    path : Path
    means, variances : DataFrame, shape (taxa, axes)
        Indexed by taxon.
    counts : Series of int
        Specimens by taxon.
    """
    names = safe_names(list(means.index))
    table = means.join(variances.add_prefix("variance_"))
    sizes = counts.reindex(means.index)
    lines = ["\t".join(["taxon", *map(str, table.columns), "n_specimens"])]
    for name, row, size in zip(names, table.to_numpy(), sizes, strict=True):
        lines.append("\t".join([name, *(f"{value:.9g}" for value in row), str(int(size))]))
    write_text(path, "\n".join(lines) + "\n")
