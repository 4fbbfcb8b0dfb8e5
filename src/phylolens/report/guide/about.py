"""How much of the tree can images learn? Held-out figures, what comes free, in-sample apart."""

from typing import Any

from phylolens.report.confound_words import guided_by_source
from phylolens.report.guide.alts import alts
from phylolens.report.guide.baseline_words import baseline_words
from phylolens.report.guide.choice import about_choice
from phylolens.report.guide.gallery import about_gallery
from phylolens.report.guide.in_sample import about_fit
from phylolens.report.guide.learners import learner_of, learners_of
from phylolens.report.guide.limits import cannot_tell
from phylolens.report.guide.meaning import about_meaning
from phylolens.report.guide.methods import methods
from phylolens.report.guide.sampling import about_sampling
from phylolens.report.guide.table import about_table, any_p, more_scores, nearest_relative
from phylolens.report.guide.verdict import clades, smallest_p, verdict
from phylolens.report.ordering import guide_order, parents
from phylolens.report.results import Results
from phylolens.report.wording import count, p_value, plural

QUESTIONS = {True: "Can images learn the tree?", False: "Can images be fitted to the tree?"}
ENOUGH = 99  # refits
UNEVEN = 2  # times as many images
PANELS = ("genetic", "unguided", "guided", "held_out")


def about_guide(results: Results) -> dict[str, Any] | None:
    """Sum up ``guide/guide.json``; None where absent. Parts it does not hold are None or empty."""
    found = results.guide
    if found is None:
        return None
    read = {name: results.matrix(f"guide/similarity_{name}.csv") for name in PANELS}
    coarser, groups = parents(results, found["rank"])
    base, own = found.get("baselines") or {}, (found.get("learners") or {}).get(learner_of(found))
    summary: dict[str, Any] = {
        "recipe": found.get("recipe", ""),
        "learner": learner_of(found),
        "learners": [learner_of(found), *(found.get("learners") or {})],
        "adam": found.get("learning_rate") is not None,
        "rank": found["rank"],
        "plural": plural(found["rank"]),
        "n_taxa": found["n_taxa"],
        "n_images": found.get("n_images"),
        "uneven": _uneven(found.get("images_per_taxon") or {}),
        "epochs": found.get("epochs"),
        "in_sample": found.get("in_sample") or (own or {}).get("in_sample") or {},
        "held_out": found.get("held_out") or {},
        "null": found.get("null") or {},
        "fallback": found.get("fallback"),
        "baselines": base,
        "beyond": found.get("beyond"),
        "attainable": found.get("attainable"),
        "constant_mse": (base.get("constant") or {}).get("mse"),
        "loss": found.get("loss") or _loss(results),
        "stepped_by": found.get("stepped_by") or "",
        "gallery": about_gallery(results),
        "order": guide_order(results),
        "coarser": coarser,
        "groups": groups,
        **about_fit(found, read["genetic"], read["guided"]),
    }
    summary["question"] = QUESTIONS[bool(summary["held_out"])]
    summary["judged"] = _judged(found, summary) if summary["held_out"] else None
    if summary["judged"]:  # in-sample figures stand in the table, grey
        summary |= {"answer": summary["judged"]["verdict"], "sentences": [], "rows": []}
    if by_source := guided_by_source(found.get("confounds") or [], found["rank"]):
        summary["answer"] = f"{summary['answer']} {by_source}"
    summary["by_source"] = by_source
    panels = tuple(name for name, matrix in read.items() if matrix is not None)
    summary["alt"] = alts(summary, base, panels)
    summary["methods"] = methods(found, summary)
    summary["cannot_tell"] = cannot_tell(summary)
    return summary


def _uneven(sizes: dict[str, int]) -> bool:
    """Whether some taxa have far more images than others."""
    return bool(sizes) and sizes["max"] > UNEVEN * sizes["min"]


def _loss(results: Results) -> dict[str, float] | None:
    """First and last loss of a fit in steps."""
    table = results.table("guide/loss.csv", numbers=("epoch", "loss"))
    if table is None or table.empty:
        return None
    return {"first": float(table["loss"].iloc[0]), "last": float(table["loss"].iloc[-1])}


def _judged(found: dict[str, Any], summary: dict[str, Any]) -> dict[str, Any]:
    """Sum up what was found on clades held out."""
    held = summary["held_out"]
    return {
        **verdict(summary),
        "clades": clades(held),
        "held": _held(summary),
        "choice": about_choice(found),
        "several": len(learners_of(found)) > 1,
        "any_p": any_p(learners_of(found)),
        "baseline": baseline_words(summary["baselines"]).name,
        "smallest": _smallest(summary["null"]),
        "rows": about_table(found, summary),
        "meaning": about_meaning(found, summary),
        "more": more_scores(found),
        "nearest": nearest_relative(held, summary["baselines"], summary["rank"]),
        "sampling": about_sampling(found.get("sampling"), clades(held)),
    }


def _smallest(null: dict[str, Any]) -> str:
    """Say how small a p so few refits can give; empty where there are enough."""
    if not null.get("n_refits") or null["n_refits"] >= ENOUGH:
        return ""
    least = p_value(smallest_p(null))
    return f"With {count(null['n_refits'], 'refit')} no p below {least} is possible."


def _held(summary: dict[str, Any]) -> str:
    """Head the tables: ``Families of orders held out``."""
    own, groups = summary["plural"].capitalize(), clades(summary["held_out"])
    return f"{own} held out" if groups == summary["plural"] else f"{own} of {groups} held out"
