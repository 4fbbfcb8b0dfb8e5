"""Write the files of a whole comparison of looks and lineage, every part present."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

MANTEL = ("mantel_pearson", "mantel_spearman")
DESCRIBING = (*MANTEL, "dcor", "mantel_pearson_centred", "mantel_spearman_centred")
EDGES = np.linspace(-0.4, 0.4, 41).tolist()


def tested(n: int, statistic: float, p: float, **more: Any) -> dict[str, Any]:
    """One test as ``TestResult.to_dict`` writes it."""
    return {
        "statistic": statistic,
        "p_value": p,
        "n": n,
        "n_permutations": 999,
        "alternative": "greater",
        "seed": 7,
        "exact": False,
        "z": 3.21,
        "null_quantiles": {"0.5": 0.11, "0.95": 0.15},
        "null_histogram": {"edges": EDGES, "counts": [5] * 40},
        "interval": [statistic - 0.1, statistic + 0.1],
        "interval_method": "95% interval, parametric bootstrap: evolution repeated",
        "smallest_p": 0.001,
    } | more


def around(value: float) -> dict[str, list[float]]:
    """Influence of single taxa and spread over specimens."""
    return {"influence": [value - 0.2, value + 0.2], "specimen_interval": [value, value + 0.04]}


def whole(n: int) -> dict[str, Any]:
    """``signal.json`` of n families in orders, with a clear signal and nothing within orders."""
    values = (0.25, 0.21, 0.33, 0.33, 0.19)
    tests = {
        "lambda_score": tested(n, 6.1, 0.002, interval=None, role="primary"),
        "protest": tested(n, 0.71, 0.003, role="confirmatory", **around(0.71)),
        "kmult": tested(n, 0.62, 0.002, p_holm=0.01, role="description", plain=0.55,
                        expected_under_brownian=1.0, **around(0.62)),
    }  # fmt: skip
    for name, value in zip(DESCRIBING, values, strict=True):
        tests[name] = tested(n, value, 0.003, p_holm=0.018, role="description", **around(value))
    return {
        "rank": "family",
        "n_taxa": n,
        "n_images": 10 * n,
        "n_specimens": 10 * n,
        "distance": "chord",
        "dropped": {"no_images": ["Unseenidae"], "no_phylogeny": ["Lostidae"]},
        "primary": "lambda_score",
        "debiased": {"debiased": True, "why_not": "", "n_pairs": n * (n - 1) // 2,
                     "n_pairs_at_zero": 0, "noise_share": 0.12},
        "covariance": "tree",
        "tests": tests,
        "lambda": {"value": 0.73, "log_likelihood_ratio": 8.1, "interval": [0.6, 0.9],
                   "ml": {"value": 0.7}},
        "correlogram": {"classes": _classes()},
        "baselines": {
            "taxonomy_only": {"pearson": 0.876, "spearman": 0.7, "ranks": ["order"]},
            "row_means": {"pearson": 0.39},
            "image_counts": {"pearson": 0.17, "spearman": 0.15},
        },
        "within_clades": {
            "rank": "order", "n_clades": 4, "n_taxa_moved": n - 1,
            "pearson": tested(n, 0.25, 0.31, null_quantiles={"0.5": 0.23}, z=0.4),
            "spearman": tested(n, 0.21, 0.42, null_quantiles={"0.5": 0.2}, z=0.2),
        },
        "tree": _tree(),
        "by_clade": [_clade("Order0", 9, 0.41, 0.08), _clade("Order1", 5, 0.2, 0.6)],
        "disagreement": {"lambda": 0.73, "n_simulations": 999, "fdr": 0.05,
                         "n_pairs": n * (n - 1) // 2, "n_convergent": 2, "n_divergent": 0,
                         "n_listed": 6},
        "tree_sample": {"file": "sample.trees", "n_trees": 100, "n_used": 98, "intervals": {
            "kmult": {"median": 0.6, "low": 0.55, "high": 0.67},
            "mantel_pearson": {"median": 0.24, "low": 0.2, "high": 0.28}}},
        "by_features": [
            {"name": name, "n_features": 512, "distance": "chord",
             "kmult": {"statistic": 0.62 - k / 10, "z": 3.2, "p_value": 0.002},
             "mantel_pearson": {"statistic": 0.25 - k / 10, "p_value": 0.003}}
            for k, name in enumerate(("tiny-net", "pixels"))],
        "circular": False,
        "circular_why": "",
    }  # fmt: skip


def _classes() -> list[dict[str, Any]]:
    rows = ((0.0, 0.4, 9, 0.3, 0.01), (0.4, 0.8, 12, 0.21, 0.02), (0.8, 1.6, 10, -0.02, 0.6),
            (1.6, 2.4, 11, -0.3, 0.04), (2.4, 2.5, 1, None, None))  # fmt: skip
    return [{"low": low, "high": high, "n_pairs": n, "r": r, "p_value": p, "p_holm": p,
             "tested": p is not None} for low, high, n, r, p in rows]  # fmt: skip


def _tree() -> dict[str, Any]:
    def measure(value: float, p: float, **more: Any) -> dict[str, Any]:
        return {"value": value, "random_mean": 0.9, "random_sd": 0.05, "tip_permuted_mean": 0.88,
                "tip_permuted_sd": 0.04, "p_value": p} | more  # fmt: skip

    return {
        "method": "nj",
        "n_null": 199,
        "reference": "tree",
        "nrf": measure(0.8, 0.03),
        "cid": measure(0.66, 0.005),
        "quartet": measure(0.41, 0.005, interval=[0.405, 0.415], exact=False),
        "align": measure(0.5, 0.005),
        "coherency": measure(3.1, 0.12, higher_is_better=True),
    }


def _clade(name: str, n: int, r: float, p: float) -> dict[str, Any]:
    tests = {
        test: {"statistic": r, "p_value": p / 4, "p_holm": p}
        for test in ("lambda_score", "kmult", *MANTEL)
    }
    return {"rank": "order", "clade": name, "n_taxa": n, "pearson": r, "spearman": r,
            "p_pearson": p / 4, "p_spearman": p / 4, "tests": tests}  # fmt: skip


def pairs(taxa: list[str]) -> pd.DataFrame:
    """Two significant convergent pairs, the surer one last in the file; no divergent one."""
    rows = [
        ("convergence", taxa[0], taxa[3], 0.4, 2.0, 0.9, 0.44, 0.0006, 0.03, "true"),
        ("convergence", taxa[1], taxa[4], 0.3, 2.2, 0.9, 0.33, 0.0001, 0.01, "true"),
        ("convergence", taxa[2], taxa[5], 0.6, 2.1, 0.9, 0.67, 0.2, 0.7, "false"),
        ("divergence", taxa[0], taxa[1], 1.2, 0.2, 0.5, 2.4, 0.04, 0.6, "false"),
        ("divergence", taxa[3], taxa[4], 1.3, 0.2, 0.5, 2.6, 0.04, 0.6, "false"),
    ]
    columns = ["kind", "taxon_1", "taxon_2", "visual", "genetic", "expected", "ratio", "p_value",
               "q_value", "significant"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(clade_1="Order0", clade_2="Order1")


def write_signal(out: Path, taxa: list[str], portraits: dict[str, str]) -> None:
    """Write everything but the two distance matrices into ``signal/``."""
    folder = out / "signal"
    (folder / "signal.json").write_text(json.dumps(whole(len(taxa))), encoding="utf-8")
    pairs(taxa).to_csv(folder / "pairs.csv", index=False)
    pd.DataFrame({"taxon": taxa, "residual": np.linspace(0.3, 0.01, len(taxa))}).to_csv(
        folder / "residuals.csv", index=False
    )
    pd.DataFrame(portraits.items(), columns=["taxon", "file"]).to_csv(
        folder / "portraits.csv", index=False
    )
    for name, support in (("tree", ("", "", "")), ("visual_tree", ("100", "60", "20"))):
        (folder / f"{name}.nwk").write_text(_ladder(taxa, support), encoding="utf-8")


def _ladder(taxa: list[str], support: tuple[str, ...]) -> str:
    text = taxa[0]
    for place, taxon in enumerate(taxa[1:]):
        inner = place < len(taxa) - 2
        label = support[place % len(support)] if inner else ""
        text = f"({text}:0.5,{taxon}:1){label}"
    return text + ";"
