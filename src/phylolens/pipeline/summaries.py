"""Sum up a finished stage from its files, as ``--json`` prints it."""

import json
from pathlib import Path
from typing import Any

from phylolens.results.classification import ClassificationResult


def summary_of(stage: str, out: Path) -> dict[str, Any]:
    """Sum up a finished stage from its files, as ``--json`` prints it."""
    if stage == "classify":
        return _classify(ClassificationResult.from_json(out / ClassificationResult.FILE))
    if stage == "guide":
        return _guide(_read(out / "guide/guide.json"))
    return _signal(_read(out / "signal/signal.json"))


def _classify(found: ClassificationResult) -> dict[str, Any]:
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


def _guide(summary: dict[str, Any]) -> dict[str, Any]:
    """Held-out figures beside what comes free; in-sample ones last."""
    found: dict[str, Any] = {key: summary[key] for key in ("rank", "n_taxa")}
    if columns := summary.get("confounds"):
        goes = {True: " (goes with the clades)", False: ""}
        found["possible_confounds"] = [one["column"] + goes[one["coincide"]] for one in columns]
    if held := summary.get("held_out"):
        keys = ("scheme", "n_clades", "skill", "pearson", "spearman", "mse")
        found |= {"learner": summary["learner"], "held_out": {key: held[key] for key in keys}}
        if null := summary.get("null"):
            found["null"] = {key: null[key] for key in ("n_refits", "p_value", "skill_q95")}
        else:
            found["no_p_value"] = "no refits were made; --refits N makes them"
        if summary.get("fallback"):
            found["fallback"] = summary["fallback"]
        others = {
            name: {
                "skill": own["held_out"]["skill"],
                **{key: own["null"][key] for key in ("p_value",) if own.get("null")},
            }
            for name, own in summary["learners"].items()
            if name != summary["learner"]
        }
        found |= {"other_learners": others} if others else {}
        free = {
            name: scores.get("held_out", scores) for name, scores in summary["baselines"].items()
        }
        short = {
            name: {key: scores[key] for key in ("pearson", "mse") if key in scores}
            for name, scores in free.items()
            if name != "row_means"
        }
        return found | {"baselines": short, "in_sample": summary["in_sample"]}
    return found | {key: summary[key] for key in ("in_sample", "baselines")}


def _signal(summary: dict[str, Any]) -> dict[str, Any]:
    """Statistic, p and n of each test once, and one line on everything else."""
    shown = ("statistic", "p_value", "n")
    tests = {
        name: {key: test[key] for key in shown}
        for name, test in summary["tests"].items()
        if "same_as" not in test
    }
    keys = ("rank", "n_taxa", "primary", "circular")
    found: dict[str, Any] = {key: summary[key] for key in keys}
    if summary.get("depends_on_root"):
        found["unrooted_tree"] = f"depend on the root: {', '.join(summary['depends_on_root'])}"
    if summary.get("circular_why"):
        found["circular_why"] = summary["circular_why"]
    found |= {"tests": tests, "baselines": summary["baselines"]}
    if within := summary.get("within_clades"):
        test = {key: within["pearson"][key] for key in ("statistic", "p_value")}
        found["within_clades"] = {"rank": within["rank"], **test}
    if tree := summary.get("tree"):
        found["tree_distance"] = {name: tree[name]["value"] for name in ("nrf", "cid", "quartet")}
    if pairs := summary.get("disagreement"):
        found["disagreement"] = {key: pairs[key] for key in ("n_convergent", "n_divergent", "fdr")}
        apart = ("n_convergent_same_source", "n_divergent_other_source")
        found["disagreement"] |= {key: pairs[key] for key in apart if pairs.get(key)}
    if used := [one for one in (summary.get("confounds") or {}).get("columns", []) if one["used"]]:
        found["confounds"] = [_confound(one) for one in used]
    if sample := summary.get("tree_sample"):
        found["tree_sample"] = {"n_trees": sample["n_trees"]}
    return found


def _confound(column: dict[str, Any]) -> dict[str, Any]:
    """Sum up a column that may make taxa look alike."""
    p_values = {
        f"p_{how}": ((column[how] or {"tests": {}})["tests"].get("lambda_score") or {}).get(
            "p_value"
        )
        for how in ("within", "adjusted")
    }
    return {
        "column": column["column"],
        "r_with_looks": column["visual"]["pearson"],
        "r_with_phylogeny": column["phylogeny"]["pearson"],
        **p_values,
        "conclusion": column["conclusion"],
    }


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))
