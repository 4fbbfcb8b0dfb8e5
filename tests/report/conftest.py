"""Results directories written by hand, so that the report is tested against known numbers."""

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from phylolens.classification.intervals import with_intervals
from phylolens.results.classification import SplitResult
from phylolens.writing import plain


def beside(name: str) -> ModuleType:
    """Load a file of this folder; test folders are no packages."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


signal_results = beside("signal_results")
guide_results = beside("guide_results")


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def square(path: Path, values: np.ndarray, taxa: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame(values, index=pd.Index(taxa, name="taxon"), columns=taxa)
    frame.to_csv(path, float_format="%.9g")


def mantel_of(n: int, r: float = 0.25, p: float = 0.012) -> dict[str, Any]:
    edges = np.linspace(-0.4, 0.4, 41)
    return {
        "statistic": r,
        "p_value": p,
        "n": n,
        "n_permutations": 999,
        "alternative": "greater",
        "seed": 42,
        "exact": False,
        "null_quantiles": {"0.95": 0.15},
        "null_histogram": {"edges": edges.tolist(), "counts": [5] * 40},
        "interval": [0.1, 0.4],
        "interval_method": "delete-d jackknife",
        "smallest_p": 0.001,
    }


def distances(n: int, seed: int) -> np.ndarray:
    points = np.random.default_rng(seed).normal(size=(n, 3))
    return np.linalg.norm(points[:, None] - points[None], axis=2)


def lineage_of(taxa: list[str]) -> dict[str, str]:
    return {taxon: f"Order{place // 3}" for place, taxon in enumerate(taxa)}


@pytest.fixture(scope="session")
def make_results(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write a results directory of ``taxa`` families with ``counts`` images each."""

    def make(
        taxa: list[str],
        counts: list[int],
        *,
        parts: tuple[str, ...] = ("run", "classify", "guide", "signal"),
        blank: int = 0,
        pictures: bool = True,
    ) -> Path:
        out = tmp_path_factory.mktemp("results")
        table = _table(out, taxa, counts, blank, pictures)
        _check(out, table, taxa)
        if "run" in parts:
            write(out / "run.json", RUN)
        if "classify" in parts:
            write(out / "classify/metrics.json", judged(metrics(taxa)))
        if "guide" in parts:
            _guide(out, table, taxa)
        if "signal" in parts:
            write(out / "signal/signal.json", signal(taxa))
            square(out / "signal/visual_distances.csv", distances(len(taxa), 1), taxa)
            square(out / "signal/genetic_distances.csv", distances(len(taxa), 2), taxa)
        return out

    return make


@pytest.fixture(scope="session")
def make_signal(make_results: Callable[..., Path]) -> Callable[..., Path]:
    """Write results whose comparison of looks and lineage has every part; ``edit`` changes it."""

    def make(
        taxa: list[str],
        edit: Callable[[dict[str, Any]], Any] | None = None,
        *,
        pictures: bool = False,
    ) -> Path:
        out = make_results(taxa, [2] * len(taxa), parts=("run", "signal"), pictures=pictures)
        portraits = {taxon: f"{2 * place:04d}.png" for place, taxon in enumerate(taxa)}
        signal_results.write_signal(out, taxa, portraits)
        if edit:
            path = out / "signal/signal.json"
            found = json.loads(path.read_text(encoding="utf-8"))
            edit(found)
            write(path, found)
        return out

    return make


@pytest.fixture(scope="session")
def make_guided(make_results: Callable[..., Path]) -> Callable[..., Path]:
    """Write results whose guided embedding was judged on clades held out; ``edit`` changes it."""

    def make(taxa: list[str], edit: Callable[[dict[str, Any]], Any] | None = None) -> Path:
        out = make_results(taxa, [2] * len(taxa), parts=("run",), pictures=False)
        found = guide_results.whole(len(taxa))
        if edit:
            edit(found)
        guide_results.write_guide(out, taxa, found)
        return out

    return make


RUN = {
    "version": "9.8.7",
    "python": "3.12.1",
    "packages": {"numpy": "2.4.6"},
    "command": ["phylolens", "run", "--meta", "meta.csv"],
    "seed": 42,
    "data_hash": "0123456789abcdef" * 4,
    "inputs": {"meta": {"path": "somewhere/meta.csv", "sha256": "aa" * 32}},
    "started": "2026-01-02T03:04:05+00:00",
}


def _table(
    out: Path, taxa: list[str], counts: list[int], blank: int, pictures: bool
) -> pd.DataFrame:
    order = lineage_of(taxa)
    labels = [taxon for taxon, count in zip(taxa, counts, strict=True) for _ in range(count)]
    labels_or_blank: list[str | None] = labels + [None] * blank
    files = [f"{place:04d}.png" for place in range(len(labels_or_blank))]
    table = pd.DataFrame(
        {
            "file": files,
            "path": [str(out / "pictures" / name) for name in files],
            "specimen_id": files,
            "order": [order[name] if name else None for name in labels_or_blank],
            "family": labels_or_blank,
            "sha256": [f"{(place * 7919) % 10007:064d}" for place in range(len(files))],
        }
    )
    if pictures:
        (out / "pictures").mkdir()
        rng = np.random.default_rng(0)
        for path in table["path"]:
            Image.fromarray(rng.integers(0, 256, (40, 30, 3), dtype=np.uint8)).save(path)
    table.to_parquet(out / "specimens.parquet", index=False)
    return table


def _check(out: Path, table: pd.DataFrame, taxa: list[str]) -> None:
    classes = {
        rank: {
            "n_taxa": int(table[rank].nunique()),
            "n_unknown": int(table[rank].isna().sum()),
            "counts": table[rank].value_counts().sort_index().to_dict(),
        }
        for rank in ("order", "family")
    }
    specimens = {
        "n_images": len(table) + 2,
        "n_usable": len(table),
        "n_specimens": len(table),
        "has_specimen_ids": False,
        "pictures": True,
        "ranks": ["order", "family"],
        "classes": classes,
    }
    problem = {"kind": "unreadable-image", "severity": "error", "message": "images cut short"}
    problem |= {"count": 2, "ids": ["bad1.jpg", "bad2.jpg"]}
    phylogeny = {
        "rank": "family",
        "tip_rank": "family",
        "n_taxa": len(taxa),
        "n_tips_used": len(taxa),
        "rule": "Names match when equal.",
        "no_phylogeny": ["Lostidae"],
        "no_taxon": ["Unseenidae"],
        "source": "tree",
    }
    left_out = {"images": ["bad1.jpg", "bad2.jpg"]}
    check = {"specimens": specimens, "problems": [problem], "left_out": left_out}
    write(out / "check.json", check | {"phylogeny": phylogeny})


def scores(taxa: list[str], matrix: np.ndarray) -> dict[str, Any]:
    support, named, right = matrix.sum(1), matrix.sum(0), np.diag(matrix)
    recall = np.divide(right, support, out=np.zeros(len(taxa)), where=support > 0)
    precision = np.divide(right, named, out=np.zeros(len(taxa)), where=named > 0)
    total = precision + recall
    f1 = np.divide(2 * precision * recall, total, out=np.zeros(len(taxa)), where=total > 0)
    return {
        "accuracy": right.sum() / matrix.sum(),
        "balanced_accuracy": recall.mean(),
        "macro_f1": f1.mean(),
        "weighted_f1": (f1 * support).sum() / support.sum(),
        "macro_recall": recall.mean(),
        "per_class": [
            {"label": t, "precision": p, "recall": r, "f1": f, "support": int(s)}
            for t, p, r, f, s in zip(taxa, precision, recall, f1, support, strict=True)
        ],
        "confusion": {"labels": taxa, "matrix": matrix.tolist()},
    }


def metrics(taxa: list[str]) -> dict[str, Any]:
    """Each taxon has 5 test images; the last taxon is always called the first."""
    n = len(taxa)
    matrix = 4 * np.eye(n, dtype=int)
    matrix[np.arange(n), (np.arange(n) + 1) % (n - 1)] += 1
    matrix[-1] = 0
    matrix[-1, 0] = 5
    majority = np.zeros((n, n), dtype=int)
    majority[:, 0] = 5
    guess = {"accuracy": 1 / n, "balanced_accuracy": 1 / n, "macro_f1": 0.1, "weighted_f1": 0.1}
    return {
        "recipe": "roy2025",
        "n_train": 20 * n,
        "n_test": 5 * n,
        "split": "Stratified.",
        "ranks": {"family": {"n_classes": n, "n_train": 20 * n, "n_test": 5 * n, "untested": []}},
        "models": {"rf": {"family": scores(taxa, matrix)}},
        "baselines": {
            "majority": {"family": {"label": taxa[0]} | scores(taxa, majority)},
            "random": {"family": guess | {"n_draws": 20}},
        },
        "settings": {
            "features": {"backbone": "tiny-net"},
            "augmentation": None,
            "upsample_to": 7,
            "published_backbone": "convnext-tiny",
            "published_augmentation": "gaussian-noise",
            "published_upsample_to": 1000,
            "published_models": ["rf", "rf-weighted", "rf-balanced-bagging"],
        },
    }


def judged(found: dict[str, Any]) -> dict[str, Any]:
    """Add intervals and tests as the stage does, every image being of a specimen of its own."""
    rows = [
        (f"{rank}-{place}.jpg", rank, model, truth, named)
        for model, ranks in found["models"].items()
        for rank, own in ranks.items()
        for place, (truth, named) in enumerate(_named(own["confusion"]))
    ]
    answers = pd.DataFrame(rows, columns=["file", "rank", "model", "truth", "predicted"])
    table = pd.DataFrame({"file": answers["file"], "specimen_id": answers["file"]})
    return (
        found | with_intervals(SplitResult.model_validate(plain(found)), answers, table).to_dict()
    )


def _named(confusion: dict[str, Any]) -> list[tuple[str, str]]:
    labels = confusion["labels"]
    return [
        (labels[i], labels[j])
        for (i, j), n in np.ndenumerate(np.array(confusion["matrix"]))
        for _ in range(n)
    ]


def signal(taxa: list[str]) -> dict[str, Any]:
    n = len(taxa)
    return {
        "rank": "family",
        "n_taxa": n,
        "n_images": 10 * n,
        "n_specimens": 10 * n,
        "distance": "chord",
        "dropped": {"no_images": ["Unseenidae"], "no_phylogeny": ["Lostidae"]},
        "tests": {
            "mantel_pearson": mantel_of(n),
            "mantel_spearman": mantel_of(n, r=0.21, p=0.034),
        },
        "baselines": {
            "taxonomy_only": {"pearson": 0.876, "spearman": 0.7, "ranks": ["order"]},
            "row_means": {"pearson": 0.39},
        },
        "circular": False,
    }


def _guide(out: Path, table: pd.DataFrame, taxa: list[str]) -> None:
    n, steps = len(taxa), 50
    target = 1 - 2 * distances(n, 2) / distances(n, 2).max()
    names = {"genetic": target, "unguided": 0.9 + 0.1 * target, "guided": 0.8 + 0.2 * target}
    for name, values in names.items():
        square(out / f"guide/similarity_{name}.csv", values, taxa)
    curve = np.linspace(1.2345, 0.7451, steps + 1)
    pd.DataFrame({"epoch": range(steps + 1), "loss": curve}).to_csv(
        out / "guide/loss.csv", index=False
    )
    known = table[table["family"].notna()]
    share = known.groupby("family")["file"].transform("size")
    attention = pd.DataFrame(
        {"taxon": known["family"], "image": known["file"], "weight": 1 / share}
    )
    attention.to_csv(out / "guide/attention.csv", index=False)
    found = {
        "recipe": "roy2025",
        "rank": "family",
        "n_taxa": n,
        "n_images": len(known),
        "images_per_taxon": {"min": 3, "max": 9},
        "epochs": steps,
        "learning_rate": 1e-4,
        "divisor": 1.7,
        "note": "In-sample.",
        "loss": {"first": 1.2345, "last": 0.7451},
        "in_sample": {"pearson": 0.4032, "spearman": 0.3777, "mse": 0.7451},
        "baselines": {
            "constant": {"mse": 0.158},
            "unguided": {"in_sample": {"pearson": 0.111, "spearman": 0.1, "mse": 0.9}},
            "taxonomy_only": {"pearson": 0.803, "spearman": 0.775, "ranks": ["order"]},
            "row_means": {"pearson": 0.393},
        },
        "published_statistic": {"pearson_with_diagonal": 0.4567, "note": ""},
        "settings": {"features": {"backbone": "tiny-net"}, "per_taxon": 9},
    }
    write(out / "guide/guide.json", found)
