"""The demonstration: a small simulated world, and everything run on it."""

from pathlib import Path
from typing import Any

from phylolens.errors import require_folder
from phylolens.pipeline.run import run
from phylolens.pipeline.settings import make_settings
from phylolens.progress import Progress, silent
from phylolens.simulation import WorldSpec, simulate_world


def make_demo(out: Path, *, seed: int = 0, progress: Progress = silent) -> dict[str, Any]:
    """Simulate a world into ``out/world`` and run a whole study on it.

    Returns
    -------
    dict
        The summary of :func:`phylolens.pipeline.run.run`, the path of the ``report``, and
        ``in_words``.
    """
    require_folder(out)
    world = out / "world"
    simulate_world(WorldSpec(seed=seed, imbalance=0.5), world, progress=progress)
    settings = make_settings(
        {
            "meta": world / "meta.csv",
            "tree": world / "tree.nwk",
            "rank": "family",
            "seed": seed,
            "out": out,
        }
    )
    summary = run(settings, progress=progress)
    report = Path(summary["report"]["path"]).resolve()
    return summary | {"report": str(report), "in_words": _in_words(summary)}


def _in_words(summary: dict[str, Any]) -> str:
    test = summary["signal"]["tests"]["mantel_pearson"]
    scores = summary["classify"]["scores"]
    ranks = list(scores["rf"])
    told = ", ".join(
        f"{rank} {scores['rf'][rank]['accuracy']:.2f} ({scores['majority'][rank]['accuracy']:.2f})"
        for rank in ranks
    )
    guided = summary["guide"]["held_out"]
    return (
        f"{summary['check']['n_usable']} simulated shells. Random forest accuracy (majority class "
        f"alone): {told}. Mantel r = {test['statistic']:.2f}, p = {test['p_value']:.3f} over "
        f"{test['n']} families. Guided embedding, {guided['scheme']}: skill {guided['skill']:.2f}, "
        f"p = {summary['guide']['null']['p_value']:.2f}."
    )
