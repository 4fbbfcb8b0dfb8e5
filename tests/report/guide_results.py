"""Write the files of a guided embedding judged on clades held out, every part present."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

EDGES = np.linspace(-0.1, 0.1, 21).tolist()


def scored(pearson: float, mse: float, **more: Any) -> dict[str, Any]:
    """Scores of predictions on pairs of a held-out and a training taxon."""
    return {
        "pearson": pearson,
        "spearman": pearson - 0.1,
        "mse": mse,
        "row_spearman": pearson - 0.2,
        "nearest_relative": {"median": 131.4, "best_possible": 114.6, "by_chance": 140.4},
        "centred": {"pearson": 0.286, "spearman": 0.344},
        "n_pairs": 120,
    } | more


def held_out(skill: float, pearson: float, mse: float) -> dict[str, Any]:
    return {
        "scheme": "leave-order-out",
        "rank": "order",
        "n_clades": 4,
        "unknown_clade": [],
        **scored(pearson, mse, skill=skill),
        "alone": {"pearson": 0.722, "spearman": 0.6},
        "held_held": {"pearson": 0.225, "spearman": 0.2, "within_clades": 0.194, "n_pairs": 12},
    }


def refits(p: float, n: int = 99) -> dict[str, Any]:
    return {
        "n_refits": n,
        "exact": False,
        "p_value": p,
        "smallest_p": 1 / (n + 1),
        "skill_mean": -0.006,
        "skill_q95": 0.011,
        "pearson_mean": 0.541,
        "pearson_q95": 0.567,
        "histogram": {"edges": EDGES, "counts": [5] * 20},
        "seed": 3,
    }


def whole(n: int) -> dict[str, Any]:
    """``guide.json`` of n families in orders, with skill: one learner, all files' keys."""
    own = {
        "held_out": held_out(0.287, 0.712, 348.0),
        "in_sample": {"pearson": 0.987, "spearman": 0.895, "mse": 51.7},
        "null": refits(0.01),
        "chosen": {"strength": 0.3, "inner_skill": 0.371},
        "fallback": None,
    }
    unguided = {
        "held_out": held_out(-0.012, 0.551, 492.0),
        "in_sample": {"pearson": 0.366, "spearman": 0.402, "mse": 800.0},
    }
    means = scored(0.558, 487.0)
    means["nearest_relative"] = {"median": 134.2, "best_possible": 114.6, "by_chance": 140.4}
    return {
        "recipe": "default",
        "rank": "family",
        "n_taxa": n,
        "n_images": 10 * n,
        "images_per_taxon": {"min": 3, "max": 9},
        "seed": 3,
        "divisor": 200.0,
        "learner": "phylo-ridge",
        **own,
        "learners": {"phylo-ridge": own},
        "baselines": {
            "constant": {"mse": 979.0, "in_sample": {"mse": 900.0}},
            "column_means": means,
            "taxonomy_only": {**held_out(4e-15, 0.558, 487.0), "ranks": ["order"]},
            "unguided": unguided,
            "row_means": {"pearson": 0.393, "spearman": 0.3, "mse": 700.0},
        },
        "settings": {"features": {"backbone": "tiny-net"}},
    }


def write_guide(out: Path, taxa: list[str], found: dict[str, Any]) -> None:
    """Write ``guide/`` of the recipe that holds clades out: three taxa an order."""
    folder = out / "guide"
    folder.mkdir(exist_ok=True)
    for name in ("loss.csv", "attention.csv"):
        (folder / name).unlink(missing_ok=True)
    n = len(taxa)
    rng = np.random.default_rng(8)
    points = rng.normal(size=(n, 3))
    genetic = np.linalg.norm(points[:, None] - points[None], axis=2)
    genetic *= 200.0 / genetic.max()
    same = np.equal.outer(np.arange(n) // 3, np.arange(n) // 3)
    guided = np.where(same, np.nan, genetic + rng.normal(0, 10, (n, n)))
    means = np.where(same, np.nan, np.tile(genetic.mean(axis=0), (n, 1)))
    unseen = 1 - guided / 100
    np.fill_diagonal(unseen, 1.0)
    matrices = {
        "similarity_genetic": 1 - genetic / 100,
        "similarity_unguided": 0.9 - genetic / 1000,
        "similarity_guided": 0.9 - genetic / 120,
        "similarity_held_out": unseen,
        "held_out_distances": guided,
        "held_out_column_means": means,
    }
    for name, values in matrices.items():
        frame = pd.DataFrame(values, index=pd.Index(taxa, name="taxon"), columns=taxa)
        frame.to_csv(folder / f"{name}.csv", float_format="%.9g")
    (folder / "guide.json").write_text(json.dumps(found), encoding="utf-8")
