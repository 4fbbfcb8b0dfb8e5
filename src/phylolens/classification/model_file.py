"""Store a calibrated model without pickle, and read it back.

A folder: ``model.json`` (how features are made, calibration, card), ``taxonomy.csv``,
``head.skops`` (scikit-learn estimators; unknown types are refused), ``arrays.safetensors`` and
``card.md``.
"""

import json
import math
import zipfile
import zlib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from phylolens.classification import skops_file
from phylolens.classification.acceptance import EVIDENCE, Acceptance
from phylolens.classification.blend import RankBlend
from phylolens.classification.calibrated import CalibratedModel
from phylolens.classification.calibration import Calibration
from phylolens.classification.heads.known_types import KNOWN_TYPES
from phylolens.classification.lineage import TaxonTree
from phylolens.classification.model_card import model_card
from phylolens.errors import InputError, require_file
from phylolens.writing import read_csv, replacing, write_csv, write_json, write_text

FORMAT = 3
HINT = "Give the folder 'classify/model' of a results directory to --model."
# What the readers of the four files raise when one is cut short, altered or of another version.
DAMAGE = (
    *(OSError, ValueError, KeyError, TypeError, AttributeError, ImportError, EOFError),
    *(zipfile.BadZipFile, zlib.error, SafetensorError),
)


def save_model(model: CalibratedModel, folder: Path) -> None:
    """Write a model; ``model.json`` comes last, so a folder without it is no model."""
    (folder / "model.json").unlink(missing_ok=True)
    calibration = model.calibration
    with replacing(folder / "head.skops") as temporary:
        heads = {"leaf": model.blend.leaf, "own": dict(model.blend.own)}
        temporary.write_bytes(skops_file.dumps(heads))
    nodes = model.tree.nodes.rename_axis("node")
    write_csv(folder / "taxonomy.csv", nodes, index=True)
    novelty = {f"novelty_{name}": values for name, values in calibration.novelty.items()}
    arrays = {"reference": model.reference, **novelty}
    with replacing(folder / "arrays.safetensors") as temporary:
        temporary.write_bytes(save({k: np.ascontiguousarray(a) for k, a in arrays.items()}))
    content = {
        "format": FORMAT,
        "phylolens": version("phylolens"),
        "scikit_learn": version("scikit-learn"),
        "ranks": list(model.tree.ranks),
        "features": dict(model.spec),
        "n_features": int(model.reference.shape[1]),
        "calibration": {
            "temperatures": dict(model.blend.temperatures),
            "alpha": calibration.alpha,
            "mix": dict(calibration.mix),
            "thresholds": {name: _finite(q) for name, q in calibration.thresholds.items()},
            "set_thresholds": {name: _finite(q) for name, q in calibration.set_thresholds.items()},
            "acceptance": calibration.acceptance.weights.tolist(),
            "alpha_unknown": calibration.alpha_unknown,
            "promised": list(calibration.promised),
        },
        "card": dict(model.card),
    }
    write_text(folder / "card.md", model_card(content))
    write_json(folder / "model.json", content)


def load_model(folder: Path) -> CalibratedModel:
    """Read a model.

    Raises
    ------
    InputError
        If the folder holds no model, one of another format, or one with types that PhyloLens does
        not write.
    """
    if not folder.is_dir():
        raise InputError("no such folder.", where=folder, hint=HINT)
    require_file(folder / "model.json", HINT)
    try:
        content = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        if "calibration" not in content:
            raise InputError("not a classifier but another model.", where=folder, hint=HINT)
        if content["format"] != FORMAT:
            writer = content.get("phylolens", "?")
            raise InputError(
                f"the model has format {content['format']}; this PhyloLens reads {FORMAT}.",
                where=folder,
                hint=f"It was written by PhyloLens {writer}: use that, or make the model again "
                "with 'phylolens classify'.",
            )
        return _read(content, folder)
    except DAMAGE as error:
        if isinstance(error, InputError) and error.where.startswith(str(folder)):
            raise
        raise InputError(
            f"not a readable model ({type(error).__name__}: {error}).", where=folder, hint=HINT
        ) from error


def _read(content: Mapping[str, Any], folder: Path) -> CalibratedModel:
    nodes = read_csv(
        folder / "taxonomy.csv",
        hint=HINT,
        index_col="node",
        dtype={"rank": str, "taxon": str},
        keep_default_na=False,
    )
    nodes.index.name = None
    arrays = load_file(folder / "arrays.safetensors")
    found = content["calibration"]
    calibration = Calibration(
        alpha=float(found["alpha"]),
        mix=found["mix"],
        thresholds={name: _infinite(q) for name, q in found["thresholds"].items()},
        set_thresholds={name: _infinite(q) for name, q in found["set_thresholds"].items()},
        novelty={
            name.removeprefix("novelty_"): values
            for name, values in arrays.items()
            if name.startswith("novelty_")
        },
        acceptance=_acceptance(found["acceptance"], len(content["ranks"])),
        alpha_unknown=float(found["alpha_unknown"]),
        promised=tuple(found["promised"]),
    )
    heads = _heads(folder / "head.skops")
    tree = TaxonTree(tuple(content["ranks"]), nodes)
    for head in (heads["leaf"], *heads["own"].values()):
        tree.numbers(head.classes_)  # every class has to be a taxon
    return CalibratedModel(
        blend=RankBlend(heads["leaf"], heads["own"], tree, found["temperatures"]),
        calibration=calibration,
        reference=arrays["reference"],
        spec=content["features"],
        card=content["card"],
    )


def _acceptance(rows: list[list[float]], n_ranks: int) -> Acceptance:
    weights = np.array(rows, dtype=float)
    if weights.shape != (n_ranks, 1 + EVIDENCE):
        raise ValueError(f"acceptance has shape {weights.shape}")
    return Acceptance(weights)


def _heads(path: Path) -> Any:
    require_file(path, HINT)
    content = skops_file.current(path.read_bytes())
    named = skops.io.get_untrusted_types(data=content)
    unknown = sorted(set(named) - KNOWN_TYPES)
    if unknown:
        raise InputError(
            "the model holds types that PhyloLens does not write; it is not loaded.",
            where=path,
            ids=unknown,
            hint="Only use models from people you trust.",
        )
    return skops.io.loads(content, trusted=named)


def _finite(q: float) -> float | None:
    """JSON knows no infinity: null means that no answer is safe."""
    return q if math.isfinite(q) else None


def _infinite(q: float | None) -> float:
    return math.inf if q is None else float(q)
