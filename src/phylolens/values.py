"""The small frozen values that travel between packages: ``Features`` and ``TestResult``."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from typing import Any

import numpy as np

from phylolens.errors import InputError


@dataclass(frozen=True)
class Features:
    """Rows of numbers with ids: one row an image, a specimen or a taxon.

    Parameters
    ----------
    ids : sequence of str
        One unique id a row.
    matrix : array of float32, shape (n, d)
        The features; finite.
    spec : mapping
        Where they come from: backbone, weights hash, preprocessing, or the file they were read
        from. Keyed by plain strings, JSON-serialisable.

    Raises
    ------
    InputError
        If ids repeat, their number differs from the rows, or a value is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from phylolens import Features
    >>> features = Features(["a", "b", "c"], np.arange(6.0).reshape(3, 2))
    >>> len(features), features.take(["c", "a"]).matrix.tolist()
    (3, [[4.0, 5.0], [0.0, 1.0]])
    """

    ids: tuple[str, ...]
    matrix: np.ndarray
    spec: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with np.errstate(over="ignore"):  # too large for float32 is reported as infinite below
            matrix = np.ascontiguousarray(self.matrix, dtype=np.float32)
        ids = tuple(str(name) for name in self.ids)
        object.__setattr__(self, "matrix", matrix)
        object.__setattr__(self, "ids", ids)
        if matrix.ndim != 2 or len(ids) != len(matrix):
            raise InputError(
                f"features need one row an id; got {len(ids)} ids and an array of shape "
                f"{matrix.shape}."
            )
        if len(set(ids)) != len(ids):
            seen: set[str] = set()
            repeated = sorted({name for name in ids if name in seen or seen.add(name)})  # type: ignore[func-returns-value]
            raise InputError("feature ids must be unique.", ids=repeated)
        bad = ~np.isfinite(matrix).all(axis=1)
        if bad.any():
            raise InputError(
                "features contain NaN or infinite values.",
                ids=[ids[row] for row in np.flatnonzero(bad)],
                hint="Remove or repair these rows.",
            )

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, ids: Sequence[str]) -> "Features":
        """Return the rows of ``ids``, in that order.

        Parameters
        ----------
        ids : sequence of str
            Ids of rows, in any order.

        Returns
        -------
        Features
            With the same spec.

        Raises
        ------
        InputError
            If an id has no row.
        """
        row_of = {name: row for row, name in enumerate(self.ids)}
        missing = [name for name in ids if name not in row_of]
        if missing:
            raise InputError("ids without features.", ids=missing)
        rows = [row_of[name] for name in ids]
        return Features(tuple(ids), self.matrix[rows], self.spec)


TITLES = {
    "kmult": ("K_mult", "K"),
    "k_arithmetic": ("K_A", "K_A"),
    "k_geometric": ("K_G", "K_G"),
    "lambda_score": ("Score test of Pagel's lambda", "S"),
    "mantel_pearson": ("Mantel test, Pearson", "r"),
    "mantel_spearman": ("Mantel test, Spearman", "rho"),
    "protest": ("PROTEST", "t0"),
    "dcor": ("Distance correlation, bias-corrected", "R2"),
}
SHOWN_QUANTILES = {"0.9": "90%", "0.95": "95%", "0.975": "97.5%", "0.99": "99%"}


@dataclass(frozen=True, repr=False)
class TestResult:
    """What a permutation test found.

    Parameters
    ----------
    name : str
        The test.
    statistic : float
        As observed.
    p_value : float
        (count(null >= observed) + 1) / (permutations + 1); for an exact test, the share of all
        permutations that reach the observed value.
    n : int
        Units permuted (taxa), never pairs.
    n_permutations : int
        Permutations drawn, or all of them when ``exact``.
    alternative : str
        ``greater``, ``less`` or ``two-sided``.
    seed : int
        Seed of the permutations and of the interval.
    exact : bool
        Whether all n! permutations were enumerated.
    null_quantiles : mapping
        Quantiles of the null distribution, keyed ``"0.5"``, ``"0.95"`` and so on.
    null_histogram : mapping
        ``edges`` and ``counts`` of the null distribution.
    interval : tuple of float or None
        95% interval of the statistic.
    interval_method : str
        How the interval was made.
    z : float or None
        Standard deviations above the mean of the null (see
        :func:`phylolens.stats._permutation.effect_size`).
    n_best : int
        Permutations (the observed order counted) that share the best value of all tried: several
        where exchanging taxa changes nothing, as of two sister tips equally long.

    Examples
    --------
    A test prints as vegan prints it.

    >>> import numpy as np
    >>> from scipy.spatial.distance import pdist
    >>> from phylolens import as_distances, mantel
    >>> places = np.array([[0.0], [0.2], [3.0], [3.3]])
    >>> visual = as_distances(pdist(places), ids=list("abcd"))
    >>> mantel(visual, "((a:1,b:1):3,(c:1,d:1):3);")
    Mantel test, Pearson, 4 taxa
    r = 0.9936, z = 1.33
    Significance: 0.333 (greater)
    <BLANKLINE>
    Upper quantiles of the permutations:
      90%    95%  97.5%    99%
    0.994  0.994  0.994  0.994
    <BLANKLINE>
    Permutations: 24 (all orders)
    """

    __test__ = False  # not a pytest class

    name: str
    statistic: float
    p_value: float
    n: int
    n_permutations: int
    alternative: str
    seed: int
    exact: bool = False
    null_quantiles: Mapping[str, float] = field(default_factory=dict)
    null_histogram: Mapping[str, list[float]] = field(default_factory=dict)
    interval: tuple[float, float] | None = None
    interval_method: str = ""
    z: float | None = None
    n_best: int = 1

    @property
    def smallest_p(self) -> float:
        """The smallest p-value these permutations can give: that of the best value among them."""
        return self.n_best / (self.n_permutations + (not self.exact))

    def __repr__(self) -> str:
        """Print as vegan does: statistic, significance, upper quantiles of the permutations."""
        title, symbol = TITLES.get(self.name, (self.name, "Statistic"))
        upper = {k: v for k, v in self.null_quantiles.items() if k in SHOWN_QUANTILES}
        cells = [(SHOWN_QUANTILES[k], f"{v:.3g}") for k, v in upper.items()]
        widths = [max(map(len, cell)) for cell in cells]
        rows = [
            "  ".join(cell[row].rjust(width) for cell, width in zip(cells, widths, strict=True))
            for row in range(2)
        ]
        kind = "all orders" if self.exact else "random"
        z = "" if self.z is None else f", z = {self.z:.2f}"
        lines = [
            f"{title}, {self.n} taxa",
            f"{symbol} = {self.statistic:.4g}{z}",
            f"Significance: {self.p_value:.3g} ({self.alternative})",
        ]
        if cells:
            lines += ["", "Upper quantiles of the permutations:", *rows]
        return "\n".join([*lines, "", f"Permutations: {self.n_permutations} ({kind})"])

    def _repr_html_(self) -> str:
        """Return the same for notebooks."""
        return f"<pre>{escape(repr(self))}</pre>"

    def to_dict(self) -> dict[str, Any]:
        """Return the result as it is written to JSON.

        Returns
        -------
        dict
            The fields, and ``smallest_p``.
        """
        return asdict(self) | {"smallest_p": self.smallest_p}
