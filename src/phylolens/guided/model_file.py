"""Store a fitted learner without pickle, and read it back.

A folder: ``model.json`` (learner, settings, card, and the fitted state but for its arrays) and
``arrays.safetensors``. Reading makes objects of PhyloLens' own classes of guided embedding and of
no others, and runs nothing that stands in the files.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from phylolens.errors import InputError, require_file
from phylolens.guided.learners.base import Learner
from phylolens.guided.visual_similarity import VisualSimilarity
from phylolens.writing import plain, replacing, write_text

FORMAT = 1
OWN_BEFORE = "phylolens.guide."  # the package's name when older models were stored
OWN = "phylolens.guided."  # classes that a model may hold
# Classes that have moved since models were first stored, by the names that stored models hold:
# those names stay, so that every model is read by every version.
STORED_AS: Mapping[str, str] = {
    f"{OWN}{old}": f"{OWN}{new}"
    for old, new in {
        "likeness:Likeness": "visual_similarity:VisualSimilarity",
        "noise:SamplingNoise": "learners.unguided:SamplingNoise",
        "learners._scaling:Scaling": "learners.inputs:Scaling",
        "learners.attention_projection:AttentionProjection": (
            "learners.attention:AttentionProjection"
        ),
        "learners.axes:Axes": "learners.closed_form:Axes",
        "learners.dual:Dual": "learners.closed_form:Dual",
        "learners.gp:GaussianProcess": "learners.kernel_ridge:GaussianProcess",
        "learners.placing:Discriminant": "learners.soft:Discriminant",
        "learners.reduced:Reduced": "learners.inputs:Reduced",
    }.items()
}
NOW = {new: old for old, new in STORED_AS.items()}
HINT = "Give the folder 'guide/model' of a results directory to --model."
PUBLISHED = (
    "The recipe roy2025 weighs the images of known taxa and has nothing to say of single new ones; "
    "guide with --recipe default, or with --learner attention to weigh new images."
)
DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError, SafetensorError)


@dataclass(frozen=True)
class StoredGuide:
    """A guided embedding, ready for new images.

    Parameters
    ----------
    learner : Learner
        Fitted.
    name : str
        Of the learner.
    spec : mapping
        Of the features it needs.
    card : mapping
        How it was fitted; ``n_features`` and ``root``, whether features are square-rooted first.
    similarity : VisualSimilarity, optional
        What the features of the fit look like, after the root.
    """

    learner: Learner
    name: str
    spec: Mapping[str, Any]
    card: Mapping[str, Any]
    similarity: VisualSimilarity | None = None


def save_guide(
    learner: Learner,
    name: str,
    spec: Mapping[str, Any],
    card: Mapping[str, Any],
    folder: Path,
    similarity: VisualSimilarity | None = None,
) -> None:
    """Write a model; ``model.json`` comes last, so a folder without it is no model."""
    (folder / "model.json").unlink(missing_ok=True)
    arrays: dict[str, np.ndarray] = {}
    content = {
        "format": FORMAT,
        "phylolens": version("phylolens"),
        "learner": name,
        "features": plain(spec),
        "card": plain(card),
        "state": _packed(learner, "learner", arrays),
        "likeness": _packed(similarity, "likeness", arrays),
    }
    with replacing(folder / "arrays.safetensors") as temporary:
        temporary.write_bytes(save(arrays))
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False, sort_keys=True)
    write_text(folder / "model.json", text + "\n")


def load_guide(folder: Path) -> StoredGuide:
    """Read a model.

    Raises
    ------
    InputError
        If the folder holds no model, one of another format, or one that was cut short or altered.
    """
    if not folder.is_dir():
        raise InputError("no such folder.", where=folder, hint=HINT)
    require_file(folder / "model.json", _where_it_is(folder))
    try:
        content = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        if "learner" not in content:
            raise InputError("not a guided embedding but another model.", where=folder, hint=HINT)
        if content["format"] != FORMAT:
            raise InputError(
                "not a guided embedding of a format this PhyloLens reads.",
                where=folder,
                hint=f"It was written by PhyloLens {content.get('phylolens', '?')}. {HINT}",
            )
        arrays = load_file(folder / "arrays.safetensors")
        learner = _unpacked(content["state"], arrays)
        if not isinstance(learner, Learner):
            raise ValueError("it holds no learner")
        similarity = _unpacked(content.get("likeness"), arrays)
        return StoredGuide(
            learner, content["learner"], content["features"], content["card"], similarity
        )
    except DAMAGE as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"not a readable model ({type(error).__name__}: {error}).", where=folder, hint=HINT
        ) from error


def _where_it_is(folder: Path) -> str:
    """Say where a model is, or why there is none, in a folder that holds none itself."""
    for name in ("model", "guide/model"):
        if (folder / name / "model.json").is_file():
            return f"Give --model {folder / name}."
    if any((folder / name).is_file() for name in ("model.safetensors", "guide/model.safetensors")):
        return PUBLISHED
    return HINT


def _packed(value: Any, path: str, arrays: dict[str, np.ndarray]) -> Any:
    """Turn a value into what JSON knows; arrays go to ``arrays`` under their path."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, np.generic):
        return _packed(value.item(), path, arrays)
    if isinstance(value, int | float):
        return value if math.isfinite(value) else {"number": str(value)}
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "US":
            return {"texts": value.tolist()}
        arrays[path] = np.array(value, order="C")
        return {"array": path}
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_packed(item, f"{path}.{k}", arrays) for k, item in enumerate(value)]}
    if isinstance(value, Mapping):
        return {"dict": {str(k): _packed(v, f"{path}.{k}", arrays) for k, v in value.items()}}
    made = type(value)
    if not made.__module__.startswith(OWN):
        raise TypeError(f"{path}: {made.__module__}.{made.__qualname__} cannot be stored")
    state = {k: _packed(v, f"{path}.{k}", arrays) for k, v in _state(value).items()}
    name = f"{made.__module__}:{made.__qualname__}"
    return {"class": NOW.get(name, name), "state": state}


def _state(value: Any) -> dict[str, Any]:
    """Return what an object says its state is: large ones leave out what is only needed to fit."""
    found: dict[str, Any] = value.__getstate__() or {}
    return found


def _unpacked(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """Undo :func:`_packed`."""
    if not isinstance(value, dict):
        return value
    match value:
        case {"number": text}:
            return float(text)
        case {"texts": texts}:
            return np.array(texts)
        case {"array": path}:
            return arrays[path]
        case {"list": items}:
            return [_unpacked(item, arrays) for item in items]
        case {"tuple": items}:
            return tuple(_unpacked(item, arrays) for item in items)
        case {"dict": items}:
            return {key: _unpacked(item, arrays) for key, item in items.items()}
        case {"class": name, "state": state}:
            made: Any = object.__new__(_own_class(name))
            made.__dict__.update({key: _unpacked(item, arrays) for key, item in state.items()})
            return made
    raise ValueError(f"unknown entry with the keys {', '.join(value)}")


def _own_class(name: str) -> type:
    name = name.replace(OWN_BEFORE, OWN, 1)
    module, _, kind = STORED_AS.get(name, name).partition(":")
    if not module.startswith(OWN):
        raise ValueError(f"'{name}' is no class of guided embeddings")
    found = getattr(import_module(module), kind, None)
    if not isinstance(found, type) or found.__module__ != module:
        raise ValueError(f"'{name}' is no class of guided embeddings")
    return found
