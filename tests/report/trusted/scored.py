"""Confidence, conformal back-off, novelty and few-shot figures of a drawn world, by plain loops."""

from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score, roc_curve
from trusted_judged import evaluate
from trusted_world import RANKS, World, at_rank, leaf_probabilities

ALPHA = 0.1


def confidence(
    world: World, test: np.ndarray, p: np.ndarray, raw: np.ndarray, classes: np.ndarray
) -> dict[str, Any]:
    found = {}
    for rank in RANKS:
        truth = world.table[rank].to_numpy()[test]
        (own, names), (before, _) = (at_rank(world, x, classes, rank) for x in (p, raw))
        found[rank] = _scores(own, names, truth) | {
            "uncalibrated": {
                key: value
                for key, value in _scores(before, names, truth).items()
                if key in ("ece", "brier", "nll")
            }
        }
    return found


def _scores(p: np.ndarray, names: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    right = names[p.argmax(1)] == truth
    sure = p.max(1)
    order = np.argsort(sure, kind="stable")
    bins = [
        {
            "low": float(sure[rows].min()),
            "high": float(sure[rows].max()),
            "confidence": float(sure[rows].mean()),
            "accuracy": float(right[rows].mean()),
            "n": len(rows),
        }
        for rows in np.array_split(order, 15)
    ]
    ece = sum(b["n"] * abs(b["confidence"] - b["accuracy"]) for b in bins) / len(truth)
    hot = truth[:, None] == names[None]
    wrong = ~right[order[::-1]]
    risk = np.cumsum(wrong) / np.arange(1, len(wrong) + 1)
    return {
        "n": len(truth),
        "ece": ece,
        "ece_interval": [0.7 * ece, 1.6 * ece],
        "ece_by_chance": 0.02,
        "brier": float(((p - hot) ** 2).sum(1).mean()),
        "nll": float(-np.log(np.maximum((p * hot).sum(1), 1e-12)).mean()),
        "accuracy": float(right.mean()),
        "reliability": bins,
        "risk_coverage": {
            "coverage": [(k + 1) / len(wrong) for k in range(len(wrong))],
            "risk": risk.tolist(),
            "aurc": float(risk.mean()),
        },
    }


def unknown_world(world: World) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hold out a species, a genus and a family; return train, test and the strata of the test."""
    table = world.table
    stratum = np.full(len(table), "known species", dtype=object)
    stratum[(table["species"] == "Aalus ruber") | (table["species"] == "Benus albus")] = (
        "unknown species"
    )
    stratum[table["genus"].isin(["Aemus", "Banus"])] = "unknown genus"
    stratum[table["family"].isin(["Caidae"])] = "unknown family"
    known = stratum == "known species"
    even = table["specimen_id"].str[-1].astype(int) % 2 == 0
    train = (known & even).to_numpy()
    return train, ~train, stratum[~train]


def conformal(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    """Back-off calibrated on half of the tested images, and the novelty figures."""
    train, test, stratum = unknown_world(world)
    p, classes = leaf_probabilities(world, train, test)
    path, sure = _paths(world, p, classes)
    truth = world.table.loc[test, list(RANKS)].to_numpy()
    half = np.arange(len(truth)) % 2 == 0
    mixed, known = (_calibrated(path, sure, truth, half & rows) for rows in
                    (np.full(len(truth), True), stratum == "known species"))  # fmt: skip
    found = _depths(mixed, path, truth, stratum, ~half)
    found["known_only"] = _depths(known, path, truth, stratum, ~half)
    names, counts = np.unique(stratum, return_counts=True)
    found["mix"] = {str(n): int(c) / len(stratum) for n, c in zip(names, counts, strict=True)}
    found["guarantee"] = (
        "Of specimens that come in the stated mix of known and unknown taxa, at least 90% get a "
        "name that is right as far as it goes. Nothing is promised for one stratum alone."
    )
    return found, novelty(p, stratum)


def _paths(world: World, p: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Names on the way from the root to the leaf answered, and their probabilities."""
    of = world.lineage.set_index("species", drop=False).loc[classes, list(RANKS)].to_numpy()
    best = of[p.argmax(1)]
    marginals = [at_rank(world, p, classes, rank) for rank in RANKS]
    sure = [m[np.arange(len(p)), np.searchsorted(n, best[:, k])]
            for k, (m, n) in enumerate(marginals)]  # fmt: skip
    return best, np.stack(sure, 1)


def _calibrated(path: np.ndarray, sure: np.ndarray, truth: np.ndarray, rows: np.ndarray) -> Any:
    wrong = path[rows] != truth[rows]
    first = wrong.argmax(1)
    s = np.where(wrong.any(1), sure[rows][np.arange(len(first)), first], 0.0)
    place = int(np.ceil((len(s) + 1) * (1 - ALPHA)))
    q = np.sort(s)[place - 1] if place <= len(s) else np.inf
    return (sure > q).sum(1)  # ranks accepted, the path's probabilities fall


def _depths(
    depth: np.ndarray, path: np.ndarray, truth: np.ndarray, stratum: np.ndarray, rows: np.ndarray
) -> dict[str, Any]:
    right = np.array([(a[:d] == b[:d]).all() for a, b, d in zip(path, truth, depth, strict=True)])

    def summed(keep: np.ndarray) -> dict[str, Any]:
        share, n = float(right[keep].mean()), int(keep.sum())
        half = 1.96 * np.sqrt(share * (1 - share) / n)
        names = ("none", *RANKS)
        return {
            "n": n,
            "coverage": share,
            "interval": [max(0.0, share - half), min(1.0, share + half)],
            "resolved_at": {name: float((depth[keep] == k).mean()) for k, name in enumerate(names)},
        }

    strata = [name for name in ("known species", *(f"unknown {r}" for r in reversed(RANKS)))
              if (stratum[rows] == name).any()]  # fmt: skip
    by = {name: summed(rows & (stratum == name)) for name in strata}
    return {"alpha": ALPHA, **summed(rows), "by_stratum": by}


def novelty(p: np.ndarray, stratum: np.ndarray) -> dict[str, Any]:
    by_rank = {}
    for rank in ("species", "genus", "family"):
        keep = np.isin(stratum, ["known species", f"unknown {rank}"])
        new = stratum[keep] != "known species"
        score = 1 - p[keep].max(1)
        low, high, scores = {}, {}, {}
        for place, name in enumerate(("msp", "knn", "combined")):
            noisy = score + np.random.default_rng(place).normal(0, 0.02 * (3 - place), len(score))
            auroc = float(roc_auc_score(new, noisy))
            false, true, _ = roc_curve(new, noisy)
            low[name], high[name] = max(0.0, auroc - 0.06), min(1.0, auroc + 0.05)
            scores[name] = {
                "auroc": auroc,
                "fpr95": float(false[(true >= 0.95).argmax()]),
                "interval": [low[name], high[name]],
            }
        by_rank[rank] = {**scores, "n_known": int((~new).sum()), "n_unknown": int(new.sum()),
                         "n_unknown_taxa": 2}  # fmt: skip
    last = by_rank["family"]
    return {
        "auroc": last["combined"]["auroc"],
        "fpr95": last["combined"]["fpr95"],
        "interval": last["combined"]["interval"],
        "score": "combined",
        "rank": "family",
        "n_known": last["n_known"],
        "n_unknown": last["n_unknown"],
        "by_rank": by_rank,
    }


def few_shot(world: World, train: np.ndarray, test: np.ndarray) -> dict[str, Any]:
    """Accuracy and macro-F1 at species with some specimens of each in training."""
    truth = world.table["species"].to_numpy()[test]
    specimens = world.table["specimen_id"].to_numpy()

    def once(size: int | str, seed: int, blur: float) -> tuple[float, float]:
        rng, kept = np.random.default_rng(seed), train.copy()
        if size != "all":
            for _, rows in world.table[train].groupby("species"):
                known = rows["specimen_id"].unique()
                dropped = rng.permutation(known)[int(size) :]
                kept &= ~np.isin(specimens, dropped)
        p, classes = leaf_probabilities(world, kept, test, blur=blur)
        score = evaluate(truth, classes[p.argmax(1)])
        return score["accuracy"], score["macro_f1"]

    def curve(blur: float) -> list[dict[str, Any]]:
        points = []
        for size, draws in ((1, 5), (2, 5), (5, 5), (10, 5), ("all", 1)):
            (a, f), (da, df) = (g(np.array([once(size, d, blur) for d in range(draws)]), axis=0)
                                for g in (np.mean, np.std))  # fmt: skip
            points.append({"n": size, "accuracy": float(a), "accuracy_sd": float(da),
                           "macro_f1": float(f), "macro_f1_sd": float(df),
                           "n_draws": draws})  # fmt: skip
        return points

    models = {"prototype": curve(0.0), "linear": curve(0.15), "rf": curve(0.5)}
    return {"rank": "species", "n_per_taxon": [1, 2, 5, 10], "n_short": [0, 0, 9, 40],
            "n_taxa": 62, "n_test": int(test.sum()), "models": models}  # fmt: skip
