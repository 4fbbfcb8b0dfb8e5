"""One backbone made ready: its weights found, its settings checked, and all of it written down."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phylolens.embedding.backbones import BackboneSpec
from phylolens.embedding.inference import require_engine
from phylolens.embedding.preprocess import check_fit
from phylolens.embedding.pretrained import pretraining_of
from phylolens.embedding.registry import find_backbone
from phylolens.embedding.store import PREPROCESSING
from phylolens.embedding.weights import get_weights, weights_on_disk
from phylolens.errors import InputError
from phylolens.progress import Progress, silent
from phylolens.provenance import file_hash


@dataclass(frozen=True)
class Extractor:
    """What turns an image into features.

    Parameters
    ----------
    spec : BackboneSpec
        The backbone.
    weights : Path
        Its checkpoint.
    fit : str
        How images are made square.
    layers : tuple of str
        Layers to pool; empty for the network's own features.
    record : dict
        Everything a feature depends on besides the image: names the store, and travels with
        the features.
    """

    spec: BackboneSpec
    weights: Path
    fit: str
    layers: tuple[str, ...]
    record: dict[str, Any]


def backbone_names(text: str) -> tuple[str, ...]:
    """Split ``a,b`` into names.

    Raises
    ------
    InputError
        If there is no name or one is given twice.
    """
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    if not names:
        raise InputError("no backbone is named.", where="backbone", hint="See phylolens backbones.")
    _refuse_repeats(names, "backbone")
    return names


def prepare(
    backbone: str,
    *,
    weights: Path | None = None,
    layers: Sequence[str] = (),
    fit: str | None = None,
    progress: Progress = silent,
) -> Extractor:
    """Find a backbone and its weights.

    Parameters
    ----------
    backbone : str
        One name.
    weights : Path, optional
        A checkpoint to use instead of the published one.
    layers : sequence of str
        Layers to pool; empty for the network's own features.
    fit : str, optional
        The backbone's own by default.
    progress : callable
        Told of downloads.

    Raises
    ------
    InputError
        If backbone, fit or weights cannot be used, a layer is named twice, or torch is needed and
        not installed.
    """
    layers = (layers,) if isinstance(layers, str) else tuple(layers)
    _refuse_repeats(layers, "layers")
    spec = find_backbone(backbone)
    fit = check_fit(fit or spec.fit)
    if weights is None and weights_on_disk(spec) is None:
        require_engine(spec, layers)  # before a download that could not be used
    checkpoint = get_weights(spec, weights, progress)
    return Extractor(spec, checkpoint, fit, layers, _record(spec, checkpoint, fit, layers))


def _record(
    spec: BackboneSpec, checkpoint: Path, fit: str, layers: Sequence[str]
) -> dict[str, Any]:
    trained = pretraining_of(checkpoint)
    return ({} if trained is None else {"pretrained": trained}) | {
        "backbone": spec.name,
        "architecture": spec.architecture,
        "weights": checkpoint.name,
        "weights_sha256": file_hash(checkpoint),
        "preprocessing": PREPROCESSING,
        "input_size": spec.input_size,
        "mean": list(spec.mean),
        "std": list(spec.std),
        "interpolation": spec.interpolation,
        "fit": fit,
        "layers": list(layers),
        "feature_size": 0 if layers else spec.feature_size,
    }


def _refuse_repeats(names: Sequence[str], where: str) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InputError("a name is given twice.", where=where, ids=repeated, hint="Give it once.")
