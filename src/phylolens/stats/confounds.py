"""Columns that may make taxa look alike: where their images come from, and how they were made.

A column is a *possible confound* when it hardly varies within taxa but differs between them: all
images of one taxon from one museum, those of another from another. Whatever the museum does to its
images then looks like a trait of the taxon. Such columns are named without being asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd
from skbio import DistanceMatrix

from phylolens.errors import InputError
from phylolens.results.confounds import ConfoundColumn
from phylolens.writing import plain

FEW = 20  # values that a column may have whatever the number of taxa
CONSTANT = 0.9  # share of images with the commonest value of their taxon: nearly constant
FEWEST_OTHERS = 2  # taxa whose commonest value is not that of most taxa
QUARTERS = 4
MOST_COUNTED = 20  # values listed with their counts
NONE = "none"


@dataclass(frozen=True)
class Column:
    """A column of the table, taxon by taxon.

    Parameters
    ----------
    name : str
        As in the table.
    shares : DataFrame of float, shape (n, v)
        Share of each value among the images of each taxon; taxa of no known value are absent. Rows
        and columns are sorted.
    n_images : Series of int
        Images of each value.
    constant : float
        Share of the images that have the commonest value of their taxon.
    several : int
        Taxa of two images or more with a known value.
    asked : bool
        Whether the user named it.
    of_rows : Series of str
        Value of each row, by the row's id; missing where unknown.
    also : tuple of str
        Other columns that divide the rows in the same way.
    """

    name: str
    shares: pd.DataFrame
    n_images: pd.Series
    constant: float
    several: int
    asked: bool
    of_rows: pd.Series
    also: tuple[str, ...] = ()

    @cached_property
    def main(self) -> pd.Series:
        """The commonest value of each taxon, of equally common ones the first by alphabet."""
        return self.shares.idxmax(axis=1)

    @property
    def n_taxa(self) -> pd.Series:
        """Taxa of each value, counted by their commonest one; most first."""
        counts = self.main.value_counts().rename_axis("value").reset_index(name="n")
        return counts.sort_values(["n", "value"], ascending=[False, True]).set_index("value")["n"]

    @property
    def is_named(self) -> bool:
        """Whether it is a possible confound: nearly constant within taxa, not between them."""
        others = int(self.n_taxa.iloc[1:].sum())
        few = self.shares.shape[1] <= most_values(len(self.shares))
        return few and self.constant >= CONSTANT and others >= FEWEST_OTHERS

    @property
    def apart(self) -> DistanceMatrix:
        """Chance that an image of one taxon and an image of another differ in value."""
        shares = self.shares.to_numpy()
        found = np.clip(1.0 - shares @ shares.T, 0.0, 1.0)
        np.fill_diagonal(found, 0.0)
        return DistanceMatrix((found + found.T) / 2, list(self.shares.index))

    @property
    def result(self) -> ConfoundColumn:
        """What JSON holds of it."""
        taxa = self.n_taxa
        listed = list(taxa.index) + sorted(set(self.n_images.index) - set(taxa.index))
        found = {
            "column": self.name,
            "asked": self.asked,
            "named": self.is_named,
            "also": list(self.also),
            "constant": self.constant,
            "n_taxa": len(self.shares),
            "n_taxa_several_images": self.several,
            "n_values": self.shares.shape[1],
            "values": [
                {
                    "value": str(value),
                    "n_images": int(self.n_images[value]),
                    "n_taxa": int(taxa.get(value, 0)),
                }
                for value in listed[:MOST_COUNTED]
            ],
        }
        return ConfoundColumn.model_validate(plain(found))


def most_values(n_taxa: int) -> int:
    """Return how many values a column of n taxa may have to be looked at unasked."""
    return max(FEW, n_taxa // 2)


def read_columns(
    table: pd.DataFrame,
    taxon: str,
    names: Sequence[str],
    *,
    taxa: Sequence[str] | None = None,
    asked: Sequence[str] | None = None,
) -> tuple[Column, ...]:
    """Sum up columns taxon by taxon.

    Parameters
    ----------
    table : DataFrame
        One row an image; its index names the rows.
    taxon : str
        Column of the taxa compared.
    names : sequence of str
        Columns that are no rank; text, missing where unknown.
    taxa : sequence of str, optional
        The taxa compared; all by default.
    asked : sequence of str, optional
        Columns that the user names, in any case. Numbers of more values than are looked at unasked
        are cut into quarters then. ``none`` names no column.

    Returns
    -------
    tuple of Column
        Those asked for, then those of 2 to ``max(20, taxa / 2)`` values; in the order of the table.
        Of columns that divide the rows in the same way the first stands for all.

    Raises
    ------
    InputError
        If a column asked for is not there, or has one value only.
    """
    wanted = _found(names, asked or ())
    rows = table[table[taxon].notna()]
    if taxa is not None:
        rows = rows[rows[taxon].isin(list(taxa))]
    columns: dict[bytes, Column] = {}
    for name in sorted(names, key=lambda name: name not in wanted):
        column = _column(rows[taxon], rows[name], name, asked=name in wanted)
        if column is not None:
            alike = np.asarray(pd.factorize(column.of_rows)[0]).tobytes()
            first = columns.get(alike)
            columns[alike] = replace(first, also=(*first.also, name)) if first else column
        elif name in wanted:
            raise InputError(
                f"the column '{name}' does not differ between the taxa compared.",
                where="--confound",
                hint="Leave it out: a column of one value cannot set taxa apart.",
            )
    return tuple(columns.values())


def _found(names: Sequence[str], asked: Sequence[str]) -> set[str]:
    if [name.lower() for name in asked] == [NONE]:
        return set()
    lower = {name.lower(): name for name in names}
    missing = [name for name in asked if name not in names and name.lower() not in lower]
    if missing:
        raise InputError(
            f"no such columns; columns that are no rank: {', '.join(names) or NONE}.",
            where="--confound",
            ids=missing,
            hint="Columns of one value, of names of taxa and of a value of its own for each image "
            "are none of them.",
        )
    return {name if name in names else lower[name.lower()] for name in asked}


def _column(taxa: pd.Series, values: pd.Series, name: str, *, asked: bool) -> Column | None:
    """Sum up one column; None where it cannot tell taxa apart or has too many values."""
    n_taxa = taxa.nunique()
    if values.nunique() > most_values(n_taxa):
        if not asked:
            return None
        values = _quarters(values)
    known = values.notna()
    if values[known].nunique() < 2:
        return None
    counts = pd.crosstab(taxa[known], values[known].astype(str))
    counts = counts.sort_index().sort_index(axis=1)
    sizes = counts.sum(axis=1)
    return Column(
        name=name,
        shares=counts.div(sizes, axis=0),
        n_images=counts.sum(axis=0),
        constant=float(counts.max(axis=1).sum() / sizes.sum()),
        several=int((sizes > 1).sum()),
        asked=asked,
        of_rows=values,
    )


def _quarters(values: pd.Series) -> pd.Series:
    """Cut numbers into quarters of the rows; leave words alone."""
    numbers = pd.to_numeric(values, errors="coerce")
    if (numbers.isna() & values.notna()).any():
        return values
    ends = np.unique(np.quantile(numbers.dropna(), np.linspace(0, 1, QUARTERS + 1)))
    if len(ends) < 3:
        return values
    labels = [f"{low:g} to {high:g}" for low, high in pairwise(ends)]
    cut = pd.cut(numbers, ends, labels=labels, include_lowest=True)
    return cut.astype(object).where(numbers.notna(), None)


def name_columns(columns: Sequence[Column]) -> tuple[str, ...]:
    """Describe the possible confounds with their counts, for a message."""
    return tuple(
        f"{column.name}: {_counts(column.n_taxa)}" for column in columns if column.is_named
    )


def _counts(n_taxa: Mapping[str, int] | pd.Series, shown: int = 4) -> str:
    parts = [f"{value} {n}" for value, n in list(n_taxa.items())[:shown]]
    more = len(n_taxa) - shown
    return ", ".join(parts) + (f" and {more} more" if more > 0 else "")
