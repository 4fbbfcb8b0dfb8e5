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
from phylolens.classification.lineage import TaxonTree
from phylolens.classification.skops_file import KNOWN_TYPES
from phylolens.errors import InputError, require_file
from phylolens.results.base import Number
from phylolens.results.classifier import ClassifierFile, ModelCalibration
from phylolens.writing import read_csv, replacing, write_csv, write_text

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
    content = ClassifierFile.of(
        {
            "format": FORMAT,
            "phylolens": version("phylolens"),
            "scikit_learn": version("scikit-learn"),
            "ranks": model.tree.ranks,
            "features": model.spec,
            "n_features": model.reference.shape[1],
            "calibration": {
                "temperatures": model.blend.temperatures,
                "alpha": calibration.alpha,
                "mix": calibration.mix,
                "thresholds": calibration.thresholds,  # infinity becomes null: nothing is safe
                "set_thresholds": calibration.set_thresholds,
                "acceptance": calibration.acceptance.weights,
                "alpha_unknown": calibration.alpha_unknown,
                "promised": calibration.promised,
            },
            "card": model.card.to_dict(),
        }
    )
    write_text(folder / "card.md", model_card(content))
    write_text(folder / "model.json", content.to_json())


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
        found = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        if "calibration" not in found:
            raise InputError("not a classifier but another model.", where=folder, hint=HINT)
        if found["format"] != FORMAT:
            writer = found.get("phylolens", "?")
            raise InputError(
                f"the model has format {found['format']}; this PhyloLens reads {FORMAT}.",
                where=folder,
                hint=f"It was written by PhyloLens {writer}: use that, or make the model again "
                "with 'phylolens classify'.",
            )
        return _read(ClassifierFile.model_validate(found), folder)
    except DAMAGE as error:
        if isinstance(error, InputError) and error.where.startswith(str(folder)):
            raise
        reason = f"{type(error).__name__}: {' '.join(str(error).splitlines()[:2])}"
        raise InputError(f"not a readable model ({reason}).", where=folder, hint=HINT) from error


def _read(content: ClassifierFile, folder: Path) -> CalibratedModel:
    nodes = read_csv(
        folder / "taxonomy.csv",
        hint=HINT,
        index_col="node",
        dtype={"rank": str, "taxon": str},
        keep_default_na=False,
    )
    nodes.index.name = None
    arrays = load_file(folder / "arrays.safetensors")
    found = content.calibration
    calibration = Calibration(
        alpha=float(found.alpha),
        mix=found.mix,
        thresholds={name: _infinite(q) for name, q in found.thresholds.items()},
        set_thresholds={name: _infinite(q) for name, q in found.set_thresholds.items()},
        novelty={
            name.removeprefix("novelty_"): values
            for name, values in arrays.items()
            if name.startswith("novelty_")
        },
        acceptance=_acceptance(found.acceptance, len(content.ranks)),
        alpha_unknown=float(found.alpha_unknown),
        promised=tuple(found.promised),
    )
    heads = _heads(folder / "head.skops")
    tree = TaxonTree(tuple(content.ranks), nodes)
    for head in (heads["leaf"], *heads["own"].values()):
        tree.numbers(head.classes_)  # every class has to be a taxon
    return CalibratedModel(
        blend=RankBlend(heads["leaf"], heads["own"], tree, found.temperatures),
        calibration=calibration,
        reference=arrays["reference"],
        spec=content.features,
        card=content.card,
    )


def _acceptance(rows: list[list[Number]], n_ranks: int) -> Acceptance:
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


def _infinite(q: float | None) -> float:
    return math.inf if q is None else float(q)


def model_card(content: ClassifierFile) -> str:
    """Write what the user of a model should know as Markdown (Mitchell et al. 2019)."""
    card, calibration = content.card, content.calibration
    lines = [
        "# Model card",
        "",
        f"Written by PhyloLens {content.phylolens}. Names specimens in images at the ranks "
        f"{', '.join(content.ranks)}, and says how deep its answer is safe.",
        "",
        "## Made from",
        "",
        f"- {_or(card.n_images, '?')} images of {_or(card.n_specimens, '?')} specimens; taxa: "
        + ", ".join(f"{n} {rank}" for rank, n in (card.n_taxa or {}).items())
        + ".",
        f"- Classifier: {_or(card.head, '?')}, seed {_or(card.seed, '?')}.",
        f"- Features: {_features(content.features)}.",
        f"- Hash of images and labels: {_or(card.data_hash, 'not recorded')}.",
        "",
        "## How well it did",
        "",
        *_performance(card.performance or {}),
        "",
        "## What is promised, and what is not",
        "",
        f"- Accepted answers are meant to be right for {1 - calibration.alpha:.0%} of new "
        f"specimens, if these come from the same kinds of images and have this mix: "
        + ", ".join(f"{name} {share:.0%}" for name, share in calibration.mix.items())
        + ".",
        _of_unknown(calibration),
        f"- {_scheme(card.calibration)}",
        "- It holds on average over specimens, not for every taxon: rare ones may do worse.",
        "- Images of another kind (other background, light, museum, view) are not covered.",
        "- A taxon the model was not trained on can be named only by the coarser taxa it lies in.",
        "",
        "## Files",
        "",
        "`model.json` settings and calibration, `taxonomy.csv` taxa, `head.skops` the classifier, "
        "`arrays.safetensors` reference features. No file runs code when it is read.",
    ]
    return "\n".join(lines) + "\n"


def _of_unknown(calibration: ModelCalibration) -> str:
    if not calibration.promised:
        return "- There were too few taxa to promise anything for specimens of unknown ones alone."
    return (
        f"- Known taxa alone the same, and {1 - calibration.alpha_unknown:.0%} of the specimens "
        f"in each of these groups: {', '.join(calibration.promised)}."
    )


def _or(value: object, otherwise: str) -> object:
    return otherwise if value is None else value


def _scheme(calibration: object) -> str:
    if calibration == "split":
        return "Known taxa were calibrated on specimens kept from the model."
    return "Calibrated by cross-fitting: coverage is measured, not proven, and may differ a little."


def _features(spec: Mapping[str, Any]) -> str:
    parts = spec.get("fused") or [spec]
    names = [str(part.get("backbone") or part.get("file") or "unknown") for part in parts]
    return " + ".join(names)


def _performance(found: Mapping[str, Any]) -> list[str]:
    if not found:
        return ["Not tested."]
    return [f"- {name}: {value}" for name, value in found.items()]
