"""Do looks follow lineage? Tests, baselines, trees and pairs that disagree, in words."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from phylolens.report.results import Results
from phylolens.report.sections.signal.barcodes import BarcodeFacts, about_barcodes
from phylolens.report.sections.signal.clades import (
    Cell,
    CladeFacts,
    WithinFacts,
    about_clades,
    about_within,
)
from phylolens.report.sections.signal.confounds import (
    ConfoundFacts,
    about_confounds,
    with_confounds,
)
from phylolens.report.sections.signal.methods import methods
from phylolens.report.sections.signal.pairs import PairFacts, about_pairs
from phylolens.report.sections.signal.reading import good_for
from phylolens.report.sections.signal.tests import (
    TESTS,
    BaselineRow,
    Subject,
    TestRow,
    about_baselines,
    about_tests,
    each_test,
)
from phylolens.report.sections.signal.trees import (
    CorrelogramFacts,
    SampleFacts,
    TreeFacts,
    about_correlogram,
    about_sample,
    about_trees,
)
from phylolens.report.sections.signal.verdict import about_lambda, points, verdict
from phylolens.report.text import count, listed, number, p_value, plural, sentence
from phylolens.results.signal import SignalResult
from phylolens.results.signal_parts import BriefTest, Dropped

COLUMNS = (
    ("lambda_score", "score of λ"),
    ("protest", "PROTEST"),
    ("kmult", "K_mult"),
    ("mantel_pearson", "Mantel r"),
    ("mantel_spearman", "Mantel, ranks"),
)


@dataclass(frozen=True)
class SeveralRow:
    """One kind of features and distance, its tests as text."""

    name: str
    distance: str
    n_features: int | None
    cells: list[Cell]


@dataclass(frozen=True)
class SeveralFacts:
    """Several backbones or distances side by side; ``columns`` are tests."""

    columns: list[str]
    rows: list[SeveralRow]


def about_several(found: SignalResult) -> SeveralFacts | None:
    """Sum up ``by_features``; None with one kind of features and distance."""
    given = found.by_features or []
    if not given:
        return None
    tests = [row.by_name for row in given]
    columns = [(key, words) for key, words in COLUMNS if any(own[key] for own in tests)]
    return SeveralFacts(
        [words for _, words in columns],
        [
            SeveralRow(
                row.name, row.distance, row.n_features, [_cell(own[key]) for key, _ in columns]
            )
            for row, own in zip(given, tests, strict=True)
        ],
    )


def _cell(test: BriefTest | None) -> Cell:
    if test is None or test.statistic is None:
        return Cell()
    notes = [f"z = {number(test.z, 1)}"] if test.z is not None else []
    notes += [f"p = {p_value(test.p_value)}"] if test.p_value is not None else []
    return Cell(number(test.statistic), ", ".join(notes))


WHY = (
    "Why relatives look alike: shared descent, shared habitat, and shared photographer or "
    "background leave the same trace."
)
CERTAIN = {
    False: "How certain the phylogeny is: it is taken as given.",
    True: (
        "How certain the phylogeny is beyond the trees given: they may all share wrong names, a "
        "wrong alignment or a wrong clock."
    ),
}
TOPOLOGY = {
    False: (
        "Whether a tree could be built from the images: a correlation of distances is far from "
        "a topology."
    ),
    True: (
        "Where the visual tree and the reference differ, which of them is right: traits "
        "converge, and support says only that other specimens would give the same."
    ),
}
MORE = {
    False: (
        "Whether images say more than the taxonomy. If visual distance and another "
        "tree-structured thing "
        "(such as habitat) are compared, this test rejects too often."
    ),
    True: (
        "Whether visual distance goes with another tree-structured thing (such as habitat): "
        "compared with "
        "that, these tests would reject too often."
    ),
}
PAIRS = (
    "Whether a listed pair converged: it looks more alike than drift along the tree predicts, for "
    "whatever reason. Pairs share taxa, so one odd taxon may stand in many."
)


def cannot_tell(
    within: WithinFacts | None,
    trees: TreeFacts | None,
    sample: SampleFacts | None,
    pairs: PairFacts | None,
    barcodes: BarcodeFacts | None = None,
) -> list[str]:
    """List what stays open."""
    tried = bool(within and within.rows)
    lines = [WHY, CERTAIN[bool(sample)], TOPOLOGY[bool(trees)], MORE[tried]]
    lines += [barcodes.caution] if barcodes and barcodes.caution else []
    return [*lines, PAIRS] if pairs else lines


NAMED = 5  # worst fitting taxa
NOT_POSSIBLE = {
    "correlogram": "Correlogram",
    "lambda": "Pagel’s λ",
    "disagreement": "Pairs that disagree",
    "tree": "Visual tree",
}


@dataclass(frozen=True)
class DroppedCounts:
    """How many taxa are not compared."""

    no_images: int
    no_phylogeny: int


@dataclass(frozen=True)
class SignalFacts:
    """What the section on signal says.

    Parts that ``signal.json`` does not hold are None.

    Parameters
    ----------
    rank, plural : str
        The rank of the taxa, and its plural.
    n_taxa, n_images, n_specimens, n_pairs : int
        What was compared.
    n_dropped : DroppedCounts
    circular, circular_why
        Whether the features were fitted to the phylogeny, and why.
    not_possible : list of str
        What the data did not allow.
    specimen_method, lambda_ : str
        How specimens were drawn again, and what the fitted lambda means.
    tests, baselines, within, correlogram, clades, trees, pairs, sample, several, barcodes
    confounds
        The parts, each as a function of this package sums it up.
    kind, claim, rest, verdict : str
        What the tests allow to be said (see :class:`Verdict`).
    points, cannot_tell : list of str
        Single remarks, and what stays open.
    methods : str
        A paragraph to cite.
    good_for : dict
        What each figure is good for, by name.
    alt : dict
        Alternative texts of the figures, by name.
    """

    rank: str
    plural: str
    n_taxa: int
    n_images: int | None
    n_specimens: int | None
    n_pairs: int
    n_dropped: DroppedCounts
    circular: bool
    circular_why: str
    not_possible: list[str]
    specimen_method: str
    tests: list[TestRow]
    baselines: list[BaselineRow]
    lambda_: str
    within: WithinFacts | None
    correlogram: CorrelogramFacts | None
    clades: CladeFacts | None
    trees: TreeFacts | None
    pairs: PairFacts | None
    sample: SampleFacts | None
    several: SeveralFacts | None
    barcodes: BarcodeFacts | None
    confounds: ConfoundFacts | None
    kind: str
    claim: str
    rest: str
    points: list[str]
    cannot_tell: list[str]
    methods: str
    good_for: Mapping[str, str]
    alt: Mapping[str, str]

    @property
    def verdict(self) -> str:
        """Claim and rest, as one paragraph."""
        return f"{self.claim} {self.rest}".strip()


def about_signal(results: Results) -> SignalFacts | None:
    """Sum up ``signal/signal.json``; None where it is absent or holds no test."""
    found = results.signal
    tests = about_tests(found) if found else []
    if found is None or not tests:
        return None
    rank, n, circular = found.rank, found.n_taxa, bool(found.circular)
    subject, dropped = Subject(rank, plural(rank), n), found.dropped or Dropped()
    clades = about_clades(found, tests[0].name)
    trees = about_trees(results, found, circular=circular)
    within = about_within(found, clades, circular=circular)
    sample, pairs = about_sample(found, tests, trees), about_pairs(results, found)
    confounds = about_confounds(found.confounds, rank)
    barcodes = about_barcodes(found)
    told = with_confounds(verdict(found, tests, subject, within), confounds, subject, tests[0])
    facts = SignalFacts(
        rank=rank,
        plural=subject.plural,
        n_taxa=n,
        n_images=found.n_images,
        n_specimens=found.n_specimens,
        n_pairs=n * (n - 1) // 2,
        n_dropped=DroppedCounts(len(dropped.no_images or []), len(dropped.no_phylogeny or [])),
        circular=circular,
        circular_why=found.circular_why or "",
        not_possible=_not_possible(found),
        specimen_method=(found.specimen_bootstrap and found.specimen_bootstrap.method) or "",
        tests=tests,
        baselines=about_baselines(found.baselines, tests, circular=circular),
        lambda_=about_lambda(found.lambda_, subject.plural),
        within=within,
        correlogram=about_correlogram(found, subject.plural),
        clades=clades,
        trees=trees,
        pairs=pairs,
        sample=sample,
        several=about_several(found),
        barcodes=barcodes,
        confounds=confounds,
        kind=told.kind,
        claim=told.claim,
        rest=told.rest,
        points=points(found, tests, subject),
        cannot_tell=cannot_tell(within, trees, sample, pairs, barcodes),
        methods=methods(found, tests, subject, trees, sample, barcodes),
        good_for=good_for(n),
        alt={},
    )
    return replace(facts, alt=alts(facts, subject.taxa, _worst(results)))


def alts(facts: SignalFacts, taxa: str, worst: list[str]) -> dict[str, str]:
    """Alternative texts of the figures of this section, by name of the figure.

    Parameters
    ----------
    facts : SignalFacts
        All but this.
    taxa : str
        How many taxa, in words.
    worst : list of str
        Taxa by Procrustes residual, largest first.
    """
    what, trees = facts.plural, facts.trees
    correlation = next((test for test in facts.tests if test.symbol == "r"), None)
    r = f": r = {correlation.r}" if correlation else ""
    values = [f"{row.name} {row.value}" for row in (trees.rows if trees else [])]
    n_clades = count(len(facts.clades.rows), "clade") if facts.clades else "each clade"
    return {
        "hexbin": (
            f"Visual against genetic distance of {facts.n_pairs:,} pairs of {what}, with "
            f"medians in bins of equal numbers of pairs{r}."
        ),
        "null": (
            f"Statistics under permuted taxa with the observed one marked. "
            f"{each_test(facts.tests)}."
        ),
        "heatmaps": f"Visual and genetic distance of {taxa}, both in the order of the tree{r}.",
        "ranks": f"The same two matrices of {taxa} as percentiles within each panel.",
        "taxonomy": f"The same percentiles of {taxa}, in the order of the taxonomy.",
        "correlogram": (facts.correlogram and facts.correlogram.sentence) or "Mantel correlogram.",
        "tanglegram": (
            f"Reference tree and visual tree of {taxa} face to face, the same taxa joined by "
            f"lines. {trees.sentence if trees else ''}"
        ).strip(),
        "pcoa": f"{taxa} by the first two principal coordinates of their visual distances.",
        "phylomorphospace": f"The reference tree of {taxa} laid over the map of their visual "
        "distances.",
        "procrustes": (
            f"{what.capitalize()} whose visual place fits the phylogeny worst"
            + (f": first {listed(worst[:NAMED])}." if worst else ".")
        ),
        "measures": (
            "Distance of the visual tree to the reference tree, beside random and permuted "
            f"ones: {listed(values)}."
        ),
        "saturation": (
            f"Share of sites that differ between barcodes of {what} against their distances. "
            f"{facts.barcodes.saturated if facts.barcodes else ''}"
        ).strip(),
        "clades": f"Correlation of visual and genetic distance within {n_clades}.",
    }


def _not_possible(found: SignalResult) -> list[str]:
    """Say what the data did not allow, and why."""
    return [
        f"{NOT_POSSIBLE.get(name) or (TESTS[name].name if name in TESTS else name)}: "
        f"{sentence(why)}"
        for name, why in (found.not_possible or {}).items()
    ]


def _worst(results: Results) -> list[str]:
    """Taxa by Procrustes residual, largest first."""
    table = results.table("signal/residuals.csv", numbers=("residual",))
    if table is None or "taxon" not in table:
        return []
    ordered = table.sort_values(["residual", "taxon"], ascending=[False, True])
    return list(ordered["taxon"])
