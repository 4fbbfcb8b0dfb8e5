"""Sum up a finished stage from its files, as ``--json`` prints it."""

import json
from pathlib import Path
from typing import Any

from phylolens.results.base import Part
from phylolens.results.bench import DONE, BenchResult
from phylolens.results.classification import ClassificationResult
from phylolens.results.confounds import JudgedColumn
from phylolens.results.guided import GuidedResult
from phylolens.results.placement import BEST, NEAREST, PlacementResult
from phylolens.results.signal import SignalResult

SCORES = ("scheme", "n_clades", "skill", "pearson", "spearman", "mse")


def summary_of(stage: str, out: Path) -> dict[str, Any]:
    """Sum up a finished stage from its files, as ``--json`` prints it."""
    if stage == "classify":
        return classification_summary(
            ClassificationResult.from_json(out / ClassificationResult.FILE)
        )
    if stage == "guide":
        return guide_summary(GuidedResult.from_json(out / GuidedResult.FILE))
    if stage == "place":
        return place_summary(PlacementResult.from_json(out / PlacementResult.FILE))
    if stage == "bench":
        return bench_summary(BenchResult.from_json(out / BenchResult.FILE))
    return signal_summary(SignalResult.from_json(out / SignalResult.FILE))


def classification_summary(found: ClassificationResult) -> dict[str, Any]:
    """Accuracy and macro-F1 of every model, and how reliable answers are."""
    tables = {**found.models, "majority": found.baselines.majority}
    scores = {
        model: {
            rank: {"accuracy": own.accuracy, "macro_f1": own.macro_f1}
            for rank, own in ranks.items()
        }
        for model, ranks in tables.items()
    }
    shown: dict[str, Any] = {"n_train": found.n_train, "n_test": found.n_test}
    if found.circular is not None:
        shown |= {"circular": found.circular, "circular_why": found.circular_why}
    shown["scores"] = scores
    if found.splits:
        shown["accuracy_on_other_splits"] = {
            name: {rank: own.accuracy for rank, own in split.models[split.primary].items()}
            for name, split in found.splits.items()
        }
    return shown | _calibrated(found)


def _calibrated(found: ClassificationResult) -> dict[str, Any]:
    """Coverage by novelty, where answers stop, and how well the unknown are noticed."""
    conformal, novelty = found.conformal, found.novelty
    shown: dict[str, Any] = {}
    if conformal:
        shown["coverage"] = {"wanted": 1 - (conformal.alpha or 0)}
        if conformal.alpha_unknown is not None:
            shown["coverage"]["wanted_unknown"] = 1 - conformal.alpha_unknown
        strata = (conformal.by_stratum or {}).items()
        shown["coverage"] |= {name: part.coverage for name, part in strata}
        shown["answered_at"] = conformal.resolved_at
    if novelty:
        shown["novelty_auroc"] = novelty.auroc
    return shown


def guide_summary(found: GuidedResult) -> dict[str, Any]:
    """Held-out figures beside what comes free; in-sample ones last."""
    told: dict[str, Any] = {"rank": found.rank, "n_taxa": found.n_taxa}
    if found.confounds:
        told["possible_confounds"] = [
            one.column + (" (goes with the clades)" if one.coincide else "")
            for one in found.confounds
        ]
    in_sample = found.in_sample.to_dict() if found.in_sample else {}
    held, base = found.held_out, found.baselines
    if held is None:
        return told | {"in_sample": in_sample, "baselines": base.to_dict()}
    told |= {"learner": found.primary, "held_out": _some(held, SCORES)}
    if found.null:
        told["null"] = _some(found.null, ("n_refits", "p_value", "skill_q95"))
    else:
        told["no_p_value"] = "no refits were made; --refits N makes them"
    if found.fallback:
        told["fallback"] = found.fallback
    others = {
        name: {
            "skill": own.held_out.skill if own.held_out else None,
            **({"p_value": own.null.p_value} if own.null else {}),
        }
        for name, own in (found.learners or {}).items()
        if name != found.primary
    }
    told |= {"other_learners": others} if others else {}
    free = {
        "constant": base.constant,
        "image_free": base.image_free,
        "column_means": base.column_means,
        "other_clades": base.other_clades,
        "names": base.names,
        "taxonomy_only": base.taxonomy_only,
        "unguided": base.unguided.held_out if base.unguided else None,
    }
    short = {name: _some(own, ("pearson", "mse")) for name, own in free.items() if own}
    return told | {"baselines": short, "in_sample": in_sample}


BENCH_KEYS = (
    "name",
    "skill",
    "p_value",
    "macro_f1_unseen_species",
    "recall_at_1",
    "seconds",
)


def bench_summary(found: BenchResult) -> dict[str, Any]:
    """One line a method, in the order of the map; those not made with the reason."""
    made = [one for one in found.methods if one.status == DONE]
    told: dict[str, Any] = {
        "budget": found.budget,
        "folds": found.folds.to_dict(),
        "baselines": found.baselines.to_dict(),
        "methods": [_rounded(_some(one, BENCH_KEYS)) for one in made],
    }
    others = [{"name": one.name, "why": one.why_not} for one in found.methods if one not in made]
    if others:
        told["not_made"] = others
    told["best"] = found.best
    if found.n_compared > 1:
        told["beware"] = f"the best of {found.n_compared} methods flatters, by chance alone"
    return told


SHOWN_UNKNOWNS = 20


def place_summary(found: PlacementResult) -> dict[str, Any]:
    """How far placements can be trusted, the verdicts, and a line an unknown."""
    told: dict[str, Any] = {"method": found.method, "n_taxa": found.tree.n_taxa}
    told["left_out"] = {
        depth: _rounded(
            _some(scores[found.asked], ("n", "median_patristic_error", "coverage90"))
            | {"nearest": scores[NEAREST].median_patristic_error}
            | {"best_possible": scores[BEST].median_patristic_error}
            | {"images_help": found.rules[depth].helps}
        )
        for depth, scores in found.by_depth.items()
    }
    told["verdicts"] = dict(found.verdicts)
    for one in found.unknowns[:SHOWN_UNKNOWNS]:
        told[one.name] = f"{one.verdict}: {one.why}; nearest {one.nearest}"
    if len(found.unknowns) > SHOWN_UNKNOWNS:
        told["more"] = f"{len(found.unknowns) - SHOWN_UNKNOWNS} more in place/placements.csv"
    if found.not_usable:
        told["not_usable"] = len(found.not_usable)
    return told


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    """Round to what a line can show; all digits are in the file."""
    return {
        key: float(f"{value:.3g}") if isinstance(value, float) else value
        for key, value in values.items()
    }


def _some(part: Part, keys: tuple[str, ...]) -> dict[str, Any]:
    """Keep the keys that are there."""
    return {key: getattr(part, key) for key in keys if key in part.model_fields_set}


def signal_summary(result: SignalResult) -> dict[str, Any]:
    """Statistic, p and n of each test once, and one line on everything else."""
    tests = {
        name: {"statistic": test.statistic, "p_value": test.p_value, "n": test.n}
        for name, test in result.tests.items()
        if test is not None and test.same_as is None
    }
    found: dict[str, Any] = {
        "rank": result.rank,
        "n_taxa": result.n_taxa,
        "primary": result.primary,
        "circular": result.circular,
    }
    if result.depends_on_root:
        found["unrooted_tree"] = f"depend on the root: {', '.join(result.depends_on_root)}"
    if result.circular_why:
        found["circular_why"] = result.circular_why
    found["tests"] = tests
    found["baselines"] = result.baselines.to_dict() if result.baselines else {}
    if (within := result.within_clades) and (test := within.pearson):
        found["within_clades"] = {
            "rank": within.rank,
            "statistic": test.statistic,
            "p_value": test.p_value,
        }
    if tree := result.tree:
        distances = {"nrf": tree.nrf, "cid": tree.cid, "quartet": tree.quartet}
        found["tree_distance"] = {name: own and own.value for name, own in distances.items()}
    if pairs := result.disagreement:
        found["disagreement"] = {
            "n_convergent": pairs.n_convergent,
            "n_divergent": pairs.n_divergent,
            "fdr": pairs.fdr,
        }
        apart = {
            "n_convergent_same_source": pairs.n_convergent_same_source,
            "n_divergent_other_source": pairs.n_divergent_other_source,
        }
        found["disagreement"] |= {name: n for name, n in apart.items() if n}
    if result.confounds and (used := result.confounds.used):
        found["confounds"] = [_confound(one) for one in used]
    if sample := result.tree_sample:
        found["tree_sample"] = {"n_trees": sample.n_trees}
    return found


def _confound(column: JudgedColumn) -> dict[str, Any]:
    """Sum up a column that may make taxa look similar."""
    p_values = {}
    for how, own in (("within", column.within), ("adjusted", column.adjusted)):
        test = own.tests.get("lambda_score") if own else None
        p_values[f"p_{how}"] = test and test.p_value
    return {
        "column": column.column,
        "r_with_looks": column.visual.pearson,
        "r_with_phylogeny": column.phylogeny.pearson,
        **p_values,
        "conclusion": column.conclusion,
    }


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))
