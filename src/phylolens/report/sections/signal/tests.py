"""Tests in words, beside what is known without images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from phylolens.report.text import count, number, p_value, span
from phylolens.results.base import Number
from phylolens.results.permutation import Histogram
from phylolens.results.signal import SignalResult
from phylolens.results.signal_parts import Baselines, Correlations, ImageCounts, SignalTest

LEVEL = 0.05


@dataclass(frozen=True)
class Subject:
    """What is compared: taxa of a rank.

    Parameters
    ----------
    rank, plural : str
        The rank, and its plural.
    n_taxa : int
    """

    rank: str
    plural: str
    n_taxa: int

    @property
    def taxa(self) -> str:
        """How many: ``12 families``."""
        return count(self.n_taxa, self.rank)


@dataclass(frozen=True)
class Words:
    """How a test is named, what its statistic is called and what it asks."""

    name: str
    symbol: str
    asks: str


TESTS = {
    "lambda_score": Words(
        "Score test of Pagel’s λ", "S", "Do taxa that share more history look more alike?"
    ),
    "kmult": Words(
        "K_mult",
        "K_mult",
        "Effect size. Do relatives look alike as if their traits had drifted along the tree? 1: "
        "as much "
        "as that.",
    ),
    "k_arithmetic": Words(
        "K_A",
        "K_A",
        "The same, every direction of the features counted alike: mean over directions.",
    ),
    "k_geometric": Words("K_G", "K_G", "The same, geometric mean over directions."),
    "mantel_pearson": Words("Mantel test, Pearson", "r", "Do the two distances rise together?"),
    "mantel_spearman": Words("Mantel test, Spearman (ranks)", "r", "The same of their ranks."),
    "protest": Words(
        "PROTEST", "t", "Can the map of visual distance be laid upon the map of the phylogeny?"
    ),
    "dcor": Words(
        "distance correlation", "dCor", "Any dependence, straight or bent; bias-corrected."
    ),
    "mantel_pearson_centred": Words(
        "Mantel test, Pearson, centred", "r", "Without what single odd or long-branched taxa add."
    ),
    "mantel_spearman_centred": Words(
        "Mantel test, Spearman, centred", "r", "The same of their ranks."
    ),
}
CONFIRMING = "protest"
OF_APPEARANCE = ("lambda_score", "kmult", "protest")  # others compare distances
TWINS = ("dcor", "mantel_pearson_centred")  # one number by two roads: shown once


@dataclass(frozen=True)
class TestRow:
    """One test as the page shows it; figures that are absent are blank."""

    __test__ = False  # not a pytest class

    name: str
    words: str
    symbol: str
    asks: str
    primary: bool
    role: str
    statistic: Number
    p_value: Number
    p_holm: Number | None
    n: int
    n_permutations: int
    exact: bool
    smallest_p: Number | None
    r: str
    plain: str
    tested: str
    z: str
    p: str
    corrected: str
    interval: str
    interval_method: str
    influence: str
    specimen_interval: str
    histogram: Histogram | None
    alternative: str
    seed: int | None

    @property
    def figure(self) -> str:
        """The statistic with its p: ``r = 0.25, p = 0.012``."""
        text = f"{self.symbol} = {self.r}"
        text += f", z = {self.z}" if self.primary and self.z else ""
        if self.p_holm is not None and self.name != CONFIRMING:
            return f"{text}, p = {self.corrected} after Holm"
        return f"{text}, p = {self.p}"

    @property
    def named(self) -> str:
        """The same with the name of the test before it, where the symbol is another."""
        return self.figure if self.words == self.symbol else f"{self.words}: {self.figure}"

    @property
    def reaches(self) -> bool:
        """Whether it rejects at 5%: a finding needs all that decide, so uncorrected."""
        return bool(self.p_value <= LEVEL)


def about_tests(found: SignalResult) -> list[TestRow]:
    """Sum up the tests of ``signal.json``, the primary one first.

    Returns
    -------
    list of TestRow
        One a test that has a statistic. Without a declared primary test, as older results are, the
        first one listed leads.
    """
    tests = found.made
    leader = found.primary if found.primary in tests else next(iter(tests), None)
    order = [*([leader] if leader else []), CONFIRMING, *TESTS, *tests]
    names = [name for name in dict.fromkeys(order) if name in tests]
    names = [name for name in names if not _twin(name, tests)]
    return [_row(name, tests[name], primary=name == found.primary) for name in names]


def _twin(name: str, tests: Mapping[str, SignalTest]) -> bool:
    """Whether a test is another one, under a second name."""
    if name != TWINS[1] or TWINS[0] not in tests:
        return False
    one, other = (tests[twin].statistic or 0.0 for twin in TWINS)
    return bool(abs(one - other) < 1e-6)


def _row(name: str, test: SignalTest, *, primary: bool) -> TestRow:
    words = TESTS.get(name, Words(name, "value", ""))
    assert test.statistic is not None
    assert test.p_value is not None
    return TestRow(
        name=name,
        words=words.name,
        symbol=words.symbol,
        asks=words.asks,
        primary=primary,
        role=test.role or "",
        statistic=test.statistic,
        p_value=test.p_value,
        p_holm=test.p_holm,
        n=test.n or 0,
        n_permutations=test.n_permutations or 0,
        exact=bool(test.exact),
        smallest_p=test.smallest_p,
        r=number(test.statistic),
        plain=number(test.plain) if test.plain is not None else "",
        tested=number(test.tested) if test.tested is not None else "",
        z=number(test.z, 1) if test.z is not None else "",
        p=p_value(test.p_value),
        corrected=p_value(test.p_holm) if test.p_holm is not None else "",
        interval=span(test.interval),
        interval_method=test.interval_method or "",
        influence=span(test.influence),
        specimen_interval=span(test.specimen_interval),
        histogram=test.null_histogram,
        alternative=test.alternative or "greater",
        seed=test.seed,
    )


def each_test(tests: Sequence[TestRow]) -> str:
    """Name every test with its figures."""
    return "; ".join(test.named for test in tests)


def orders_tried(test: TestRow) -> str:
    """Say how many orders of the taxa were tried."""
    if test.exact:
        return f"all {test.n_permutations:,} orders of the taxa tried"
    return f"{test.n_permutations:,} random permutations of the taxa"


NAMED = (
    ("taxonomy_only", "taxonomy alone", "no images; steps over {ranks}"),
    ("row_means", "row means", "no images; each taxon's mean genetic distance, in-sample"),
    (
        "image_counts",
        "numbers of images",
        "no image content; how differently often two taxa were photographed",
    ),
)


@dataclass(frozen=True)
class BaselineRow:
    """One row of the table of correlations; ``kind`` is ``mine`` or ``baseline``."""

    kind: str
    name: str
    note: str
    pearson: str
    spearman: str


def about_baselines(
    found: Baselines | None, tests: Sequence[TestRow], *, circular: bool
) -> list[BaselineRow]:
    """Rows of the table: correlations with genetic distance, of the images and without them."""
    rows = []
    mantel = {test.name: test.r for test in tests}
    if "mantel_pearson" in mantel:
        name = "images (in-sample)" if circular else "images"
        spearman = mantel.get("mantel_spearman", "–")
        rows.append(BaselineRow("mine", name, "", mantel["mantel_pearson"], spearman))
    for key, name, note in NAMED:
        own = getattr(found, key) if found else None
        if own:
            ranks = own.ranks or [] if isinstance(own, Correlations) else []
            spearman = number(own.spearman) if "spearman" in own.model_fields_set else "–"
            note = note.format(ranks=", ".join(ranks))
            rows.append(BaselineRow("baseline", name, note, number(own.pearson), spearman))
    return rows


def beside(found: Baselines | None, tests: Sequence[TestRow]) -> str:
    """Set the correlation of the images and that of taxonomy alone side by side."""
    taxonomy = found.taxonomy_only.pearson if found and found.taxonomy_only else None
    own = next((test for test in tests if test.name == "mantel_pearson"), None)
    alone = "axonomy alone, without an image, reaches"
    if own is None:
        return "" if taxonomy is None else f"T{alone} r = {number(taxonomy)}."
    text = f"Visual and genetic distance correlate with r = {own.r}"
    text += f" (95% interval {own.interval})" if own.interval else ""
    if taxonomy is not None:
        more = "more" if taxonomy > own.statistic else "less"
        text += f"; t{alone} {more}, r = {number(taxonomy)}"
    return text + "."


def remarks(found: Baselines | None) -> list[str]:
    """Say what else comes free: branch lengths, and uneven sampling."""
    lines = []
    row_means = found.row_means.pearson if found and found.row_means else None
    if row_means is not None:
        lines.append(
            f"Long and short branches alone (each taxon's mean distance to the others) give "
            f"r = {number(row_means)}, in-sample."
        )
    return lines + _sampling(found.image_counts if found else None)


def _sampling(counts: ImageCounts | None) -> list[str]:
    """Say so where visual distance goes with how often taxa were imaged."""
    visual = counts.visual if counts else None
    r, p = (visual.pearson, visual.p_pearson) if visual else (None, None)
    if r is None or p is None or p > LEVEL:
        return []
    return [
        f"Visual distance goes with the number of images, too (r = {number(r)}, p = {p_value(p)} "
        "by a Mantel "
        "test): taxa photographed alike often look more alike, for whatever reason."
    ]
