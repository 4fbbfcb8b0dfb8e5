"""Sum up a finished stage from its files, as ``--json`` prints it."""

import json
from pathlib import Path
from typing import Any


def brief_of(stage: str, out: Path) -> dict[str, Any]:
    """Sum up a finished stage from its files, as ``--json`` prints it."""
    if stage == "classify":
        metrics = _read(out / "classify/metrics.json")
        keys = ("accuracy", "macro_f1")
        scores = {
            model: {rank: {key: values[key] for key in keys} for rank, values in ranks.items()}
            for model, ranks in (
                metrics["models"] | {"majority": metrics["baselines"]["majority"]}
            ).items()
        }
        return {"n_train": metrics["n_train"], "n_test": metrics["n_test"], "scores": scores}
    if stage == "guide":
        summary = _read(out / "guide/guide.json")
        return {key: summary[key] for key in ("rank", "n_taxa", "in_sample", "baselines")}
    summary = _read(out / "signal/signal.json")
    shown = ("statistic", "p_value", "n")
    tests = {name: {key: test[key] for key in shown} for name, test in summary["tests"].items()}
    return {"rank": summary["rank"], "tests": tests, "baselines": summary["baselines"]}


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))
