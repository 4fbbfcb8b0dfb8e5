"""Write the files of a trusted classification of a drawn world."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw
from trusted_judged import evaluate, guessing, majority
from trusted_scored import confidence, conformal, few_shot
from trusted_world import RANKS, World, at_rank, leaf_probabilities, left_out, random_split

from phylolens.classification.intervals import with_intervals
from phylolens.results.classification import SplitResult
from phylolens.writing import plain

BLUR = {"default": 0.0, "linear": 0.0, "svm": 0.15, "prototype": 0.1, "rf": 0.5}
SEEDS = (0, 1, 2, 3, 4)
OUTLINES = {"A": "ellipse", "B": "rectangle", "C": "polygon"}


def write_results(out: Path, world: World) -> None:
    world.table["path"] = [f"pictures/{name}" for name in world.table["file"]]
    world.table["sha256"] = [f"{(row * 7919) % 10007:064d}" for row in range(len(world.table))]
    world.table.to_parquet(out / "specimens.parquet", index=False)
    _write_check(out, world)
    metrics = _metrics(out, world)
    _write(out / "classify/metrics.json", metrics)


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def _metrics(out: Path, world: World) -> dict[str, Any]:
    test = random_split(world, 0)
    p, classes = leaf_probabilities(world, ~test, test)
    raw, _ = leaf_probabilities(world, ~test, test, sharp=5.0)
    depth, new = conformal(world)
    split = {name: f"Drawn: {name}." for name in ("random", "leave-species-out")}
    main = _division(out, "random", world, test, RANKS) | {"split": split["random"]}
    held = {rank: left_out(world, rank, 1) for rank in ("species", "genus")}
    splits = {
        f"leave-{rank}-out": _division(
            out, f"leave-{rank}-out", world, world.table[rank].isin(taxa).to_numpy(),
            RANKS[: RANKS.index(rank)],
        ) | {"split": f"Whole {rank} taxa are left out.", "held_out": taxa}
        for rank, taxa in held.items()
    }  # fmt: skip
    for name, found in splits.items():
        rank = name.split("-")[1]
        found["skipped"] = {
            lower: f"a {lower} that was left out has no class to be named as"
            for lower in RANKS[RANKS.index(rank) :]
        }
    return main | {
        "recipe": "default",
        "seed": 0,
        "skipped": {},
        "chosen": {"default": {
            rank: {"head": "lda:0.1", "rule": "The highest macro-F1.", "how": "blended", "scores": {
                "prototype": 0.86 - 0.02 * k, "lda:0.9": 0.8, "lda:0.1": 0.91 - 0.02 * k,
                "svm:1": 0.9 - 0.02 * k}}
            for k, rank in enumerate(RANKS)}},
        "splits": splits,
        "splits_not_possible": {"leave-source-out": "there is no column `source`"},
        "consistency": _consistency(world, test),
        "temperature": 1.84,
        "confidence": confidence(world, test, p, raw, classes),
        "conformal": depth,
        "novelty": new,
        "few_shot": few_shot(world, ~test, test),
        "sources": {
            "n_sources": 3,
            "images": {"field": 500, "museum": 300, "zoo": 100},
            "can_tell": {"balanced_accuracy": 0.61, "chance": 1 / 3, "p_value": 0.01},
            "one_source": {"order": 0.0, "family": 0.12, "genus": 0.3, "species": 0.55},
            "within_taxa": {"rank": "species", "finest": True, "n_taxa": 9, "n_images": 180,
                            "n_specimens": 120, "balanced_accuracy": 0.48, "permuted_mean": 0.34,
                            "p_value": 0.01, "n_permutations": 199},
            "held_out": {"order": {"accuracy": 0.93, "macro_f1": 0.9},
                         "family": {"accuracy": 0.77, "macro_f1": 0.7}},
        },
        "trial": {"rule": "About a tenth of the taxa of each rank were held out.", "n_train": 400,
                  "n_test": 200, "held_out": ["Caidae"]},
        "near_duplicates": {"threshold": 0.99, "usual": 0.8, "n_near": 4,
                            "n_tested": int(test.sum()), "share": 4 / int(test.sum()),
                            "accuracy_without": {"order": 0.95, "family": 0.9}},
        "repeats": _repeats(main, splits),
        "ablation": _ablation(world, test),
        "settings": {"features": {"backbone": "tiny-net"}, "augmentation": None},
    }  # fmt: skip


def _division(
    out: Path, name: str, world: World, test: np.ndarray, ranks: tuple[str, ...]
) -> dict[str, Any]:
    """Models, baselines and predictions of one split of the images."""
    rows, counts = [], {}
    models: dict[str, Any] = {model: {} for model in BLUR}
    baselines: dict[str, Any] = {"majority": {}, "random": {}}
    for model, blur in BLUR.items():
        leaf, classes = leaf_probabilities(world, ~test, test, blur=blur)
        for rank in ranks:
            truth, known = (world.table[rank].to_numpy(str)[part] for part in (test, ~test))
            p, names = at_rank(world, leaf, classes, rank)
            models[model][rank] = evaluate(truth, names[p.argmax(1)])
            baselines["majority"][rank] = majority(known, truth)
            baselines["random"][rank] = guessing(known, truth)
            counts[rank] = {"n_classes": len(names), "n_train": len(known), "n_test": len(truth),
                            "n_train_with_copies": len(known), "untested": []}  # fmt: skip
            rows.append(pd.DataFrame({
                "file": world.table["file"][test], "rank": rank, "model": model, "truth": truth,
                "predicted": names[p.argmax(1)], "probability": p.max(1)}))  # fmt: skip
    ending = "" if name == "random" else f"_{name}"
    (out / "classify").mkdir(exist_ok=True)
    answers = pd.concat(rows)
    answers.to_csv(out / f"classify/predictions{ending}.csv", index=False)
    found = {"n_train": int((~test).sum()), "n_test": int(test.sum()), "ranks": counts,
             "models": models, "baselines": baselines}  # fmt: skip
    return judged(found, answers, world.table, name)


def judged(
    found: dict[str, Any], answers: pd.DataFrame, table: pd.DataFrame, name: str
) -> dict[str, Any]:
    """Add intervals and tests as the stage does."""
    held_out = None if name == "random" else name.split("-")[1]
    split = SplitResult.model_validate(plain(found))
    return found | with_intervals(split, answers, table, held_out).to_dict()


def _consistency(world: World, test: np.ndarray) -> dict[str, Any]:
    """Three ways to answer at all ranks; the independent one gets other noise at each rank."""
    truth = world.table.loc[test, list(RANKS)].to_numpy(str)
    leaf, classes = leaf_probabilities(world, ~test, test)
    of = world.lineage.set_index("species", drop=False)[list(RANKS)]
    ways = {"independent": [], "summed": [], "top_down": list(of.loc[classes[leaf.argmax(1)]].T
                                                             .to_numpy(str))}  # fmt: skip
    for k, rank in enumerate(RANKS):
        p, names = at_rank(world, leaf, classes, rank)
        ways["summed"].append(names[p.argmax(1)])
        noisy, _ = leaf_probabilities(world, ~test, test, blur=0.1 + 0.02 * k)
        p, names = at_rank(world, noisy, classes, rank)
        ways["independent"].append(names[p.argmax(1)])
    lineages = {tuple(row) for row in of.to_numpy()}
    found: dict[str, Any] = {"n": len(truth), "ranks": list(RANKS)}
    for way, answers in ways.items():
        rows = list(zip(*answers, strict=True))
        scores = {rank: {key: evaluate(truth[:, k], answers[k])[key]
                         for key in ("accuracy", "macro_f1")}
                  for k, rank in enumerate(RANKS)}  # fmt: skip
        bad = float(np.mean([row not in lineages for row in rows]))
        found[way] = {"model": "linear", "contradictions": bad, "scores": scores}
    return found


def _repeats(main: dict[str, Any], splits: dict[str, Any]) -> dict[str, Any]:
    def around(models: dict[str, Any]) -> dict[str, Any]:
        return {model: {rank: {key: {"mean": scores[key] - 0.01, "sd": 0.012}
                               for key in ("accuracy", "macro_f1")}
                        for rank, scores in ranks.items()}
                for model, ranks in models.items()}  # fmt: skip

    each = {"random": main["models"], "leave-species-out": splits["leave-species-out"]["models"]}
    return {"seeds": list(SEEDS), "splits": {name: around(m) for name, m in each.items()}}


def _ablation(world: World, test: np.ndarray) -> list[dict[str, Any]]:
    steps = []
    for step, what, blur in (("last layer", "one backbone, last layer", 0.4),
                             ("+ depths", "three depths, square root, length 1", 0.25),
                             ("+ backbone", "a second backbone joined", 0.12),
                             ("+ flips", "mean with the mirror image", 0.0)):  # fmt: skip
        leaf, classes = leaf_probabilities(world, ~test, test, blur=blur)
        scores = {}
        for rank in ("order", "family"):
            p, names = at_rank(world, leaf, classes, rank)
            found = evaluate(world.table[rank].to_numpy(str)[test], names[p.argmax(1)])
            scores[rank] = {key: found[key] for key in ("accuracy", "macro_f1")}
        size = 1280 * (len(steps) + 1)
        steps.append({"step": step, "what": what, "n_features": size, "scores": scores})
    return steps


def _write_check(out: Path, world: World) -> None:
    classes = {rank: {"n_taxa": int(world.table[rank].nunique()), "n_unknown": 0,
                      "counts": world.table[rank].value_counts().sort_index().to_dict()}
               for rank in RANKS}  # fmt: skip
    n = len(world.table)
    specimens = {"n_images": n, "n_usable": n, "has_specimen_ids": True, "pictures": True,
                 "n_specimens": int(world.table["specimen_id"].nunique()),
                 "ranks": list(RANKS), "classes": classes}  # fmt: skip
    check = {"specimens": specimens, "problems": [], "left_out": {"images": []}}
    _write(out / "check.json", check | {"phylogeny": None})


def draw_pictures(out: Path) -> None:
    """Order gives the outline, family the colour, species the shade, specimen the size."""
    (out / "pictures").mkdir()
    for row in pd.read_parquet(out / "specimens.parquet").itertuples():
        red, green = 60 + 60 * "aei".index(row.family[1]), 40 * len(row.species) % 200
        side = 30 + 7 * int(row.specimen_id[-1])
        image = Image.new("RGB", (120, 100), "white")
        draw, box = ImageDraw.Draw(image), (60 - side // 2, 50 - side // 2,
                                              60 + side // 2, 50 + side // 2)  # fmt: skip
        colour = (red, green, 120)
        if row.order[0] == "C":
            draw.polygon([(box[0], box[3]), (box[2], box[3]), (60, box[1])], fill=colour)
        else:
            getattr(draw, OUTLINES[row.order[0]])(box, fill=colour)
        image.save(out / row.path)
