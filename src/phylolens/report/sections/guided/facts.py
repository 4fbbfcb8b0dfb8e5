"""How much of the tree can images learn? Held-out figures, what comes free, in-sample apart."""

from dataclasses import dataclass

from phylolens.report.columns import guided_by_source
from phylolens.report.glossary import cannot_tell as left_open
from phylolens.report.ordering import guide_order, parents
from phylolens.report.results import Results
from phylolens.report.sections.guided.figures import alts
from phylolens.report.sections.guided.gallery import Gallery, about_gallery
from phylolens.report.sections.guided.in_sample import FitRow, about_fit
from phylolens.report.sections.guided.learners import Judged, about_choice
from phylolens.report.sections.guided.meaning import Meaning, about_meaning
from phylolens.report.sections.guided.methods import methods, sources
from phylolens.report.sections.guided.sampling import Sampling, about_sampling
from phylolens.report.sections.guided.table import (
    MoreScores,
    Row,
    about_table,
    any_p,
    more_scores,
    nearest_relative,
)
from phylolens.report.sections.guided.verdict import verdict
from phylolens.report.text import count, p_value, plural
from phylolens.results.guided import GuidedResult
from phylolens.results.guided_parts import ImageNumbers, LossEnds, Refits

QUESTIONS = {True: "Can images learn the tree?", False: "Can images be fitted to the tree?"}
ENOUGH = 99  # refits
UNEVEN = 2  # times as many images
PANELS = ("genetic", "unguided", "guided", "held_out")


@dataclass(frozen=True)
class HeldOutFacts:
    """What was found on clades held out, in words.

    Parameters
    ----------
    kind, claim, rest, verdict : str
        See :class:`phylolens.report.sections.guided.verdict.Verdict`.
    skill, low_skill : float or None
        With the lower end of its interval.
    clades, clade_rank, unseen : str
        What was held out: ``orders``, ``order``, ``families of clades never seen``.
    held : str
        Head of the tables.
    choice : list of str
        How the learner was chosen.
    several, any_p : bool
        Whether there are several learners, and a p-value of one of them.
    baseline : str
        What skill is measured against.
    smallest : str
        How small a p so few refits can give; empty where there are enough.
    rows : list of Row
    meaning : Meaning or None
    more : MoreScores or None
    nearest : str
    sampling : Sampling or None
    """

    kind: str
    claim: str
    rest: str
    verdict: str
    skill: float | None
    low_skill: float | None
    clades: str
    clade_rank: str
    unseen: str
    held: str
    choice: list[str]
    several: bool
    any_p: bool
    baseline: str
    smallest: str
    rows: list[Row]
    meaning: Meaning | None
    more: MoreScores | None
    nearest: str
    sampling: Sampling | None


@dataclass(frozen=True)
class GuideFacts:
    """The section on guided embeddings.

    Parameters
    ----------
    recipe, learner, rank, plural, question, answer : str
        ``plural``: the taxa by their rank.
    n_taxa : int
    judged : HeldOutFacts or None
        None where no clade was held out.
    rows, sentences : list
        Of the fit to all taxa; empty where clades were held out.
    narrow, loss_ends : str
    fallback : str
        Why nothing was learned; else empty.
    by_source : str
        A warning that images may tell their source.
    constant_mse : float or None
    stepped_by : str
        The learner that the loss is of.
    gallery : Gallery or None
    order, coarser, groups
        Of the taxa: as in the tree, the next coarser rank, and each taxon's group in it.
    alt : dict of str
        Alternative texts of the figures.
    methods : str
    sources : list of str
        Keys of the literature.
    cannot_tell : list of str
    """

    recipe: str
    learner: str
    rank: str
    plural: str
    n_taxa: int
    question: str
    answer: str
    judged: HeldOutFacts | None
    rows: list[FitRow]
    sentences: list[str]
    narrow: str
    loss_ends: str
    fallback: str
    by_source: str
    constant_mse: float | None
    stepped_by: str
    gallery: Gallery | None
    order: list[str]
    coarser: str
    groups: dict[str, str]
    alt: dict[str, str]
    methods: str
    sources: list[str]
    cannot_tell: list[str]


def about_guide(results: Results) -> GuideFacts | None:
    """Sum up ``guide/guide.json``; None where absent. Parts it does not hold are None or empty."""
    found = results.guide
    if found is None:
        return None
    read = {name: results.matrix(f"guide/similarity_{name}.csv") for name in PANELS}
    coarser, groups = parents(results, found.rank)
    judged, constant = Judged.of(found), found.baselines.constant
    fit = about_fit(found, read["genetic"], read["guided"])
    told = _about_held_out(judged) if judged else None
    answer = told.verdict if told else fit.answer
    if by_source := guided_by_source(found.confounds or [], found.rank):
        answer = f"{answer} {by_source}"
    panels = tuple(name for name, matrix in read.items() if matrix is not None)
    loss = found.loss or _about_loss(results)
    return GuideFacts(
        recipe=found.recipe or "",
        learner=found.primary,
        rank=found.rank,
        plural=plural(found.rank),
        n_taxa=found.n_taxa,
        question=QUESTIONS[judged is not None],
        answer=answer,
        judged=told,
        rows=[] if told else fit.rows,  # else in-sample figures stand in the table, grey
        sentences=[] if told else fit.sentences,
        narrow=fit.narrow,
        loss_ends=fit.loss_ends,
        fallback=found.fallback or "",
        by_source=by_source,
        constant_mse=constant.mse if constant else None,
        stepped_by=found.stepped_by or "",
        gallery=about_gallery(results),
        order=guide_order(results),
        coarser=coarser,
        groups=groups,
        alt=alts(found, judged, loss, fit.narrow, panels),
        methods=methods(found, judged),
        sources=sources(found),
        cannot_tell=_cannot_tell(found, judged),
    )


def _about_held_out(judged: Judged) -> HeldOutFacts:
    """Sum up what was found on clades held out."""
    learners, told = judged.found.judged(), verdict(judged)
    return HeldOutFacts(
        kind=told.kind,
        claim=told.claim,
        rest=told.rest,
        verdict=told.verdict,
        skill=judged.held.skill,
        low_skill=judged.held.low_skill,
        clades=judged.clades,
        clade_rank=judged.held.rank or "clade",
        unseen=judged.unseen,
        held=_held(judged),
        choice=about_choice(judged),
        several=len(learners) > 1,
        any_p=any_p(learners),
        baseline=judged.words.name,
        smallest=_smallest(judged.null),
        rows=about_table(judged),
        meaning=about_meaning(judged),
        more=more_scores(judged),
        nearest=nearest_relative(judged),
        sampling=about_sampling(judged.found.sampling, judged.clades),
    )


def _smallest(null: Refits) -> str:
    """Say how small a p so few refits can give; empty where there are enough."""
    if not null.n_refits or null.n_refits >= ENOUGH:
        return ""
    return f"With {count(null.n_refits, 'refit')} no p below {p_value(null.least_p)} is possible."


def _held(judged: Judged) -> str:
    """Head the tables: ``Families of orders held out``."""
    own, groups = judged.plural.capitalize(), judged.clades
    return f"{own} held out" if groups == judged.plural else f"{own} of {groups} held out"


def _about_loss(results: Results) -> LossEnds | None:
    """First and last loss of a fit in steps."""
    table = results.table("guide/loss.csv", numbers=("epoch", "loss"))
    if table is None or table.empty:
        return None
    return LossEnds(first=float(table["loss"].iloc[0]), last=float(table["loss"].iloc[-1]))


def _cannot_tell(found: GuidedResult, judged: Judged | None) -> list[str]:
    """List what stays open."""
    if judged is None:
        return left_open("guide")
    uneven = (
        [
            "Whether numbers of images play a part: means of few images lie far out, and where the "
            "numbers follow the tree, p is too small. --per-taxon makes them alike."
        ]
        if _uneven(found.images_per_taxon)
        else []
    )
    return [
        f"How it fares beyond these data: the {judged.clades} held out come from the same "
        "collection of images as those it learnt from.",
        "Why images tell what they tell: shared descent, shared habitat and shared photographer "
        "leave the same trace.",
        "Where in the tree an unknown taxon belongs: a predicted distance is no placement.",
        "How much of the tree images could show at best: another learner or other features may "
        "find more.",
        *uneven,
    ]


def _uneven(sizes: ImageNumbers | None) -> bool:
    """Whether some taxa have far more images than others."""
    return sizes is not None and sizes.max > UNEVEN * sizes.min
