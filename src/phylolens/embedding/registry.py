"""Backbones by name: those described here, and any other of timm."""

from dataclasses import replace
from typing import Any

from phylolens.embedding.backbones import BACKBONES, TIMM_PREFIX, BackboneSpec
from phylolens.embedding.weights import TORCH_HINT, weights_on_disk
from phylolens.errors import InputError


def find_backbone(name: str) -> BackboneSpec:
    """Return the description of a backbone.

    Parameters
    ----------
    name : str
        A key of ``BACKBONES``, or ``timm:<architecture>`` for any other network of timm.

    Raises
    ------
    InputError
        If there is no such backbone.
    """
    if name in BACKBONES:
        return BACKBONES[name]
    if name.startswith(TIMM_PREFIX):
        return _from_timm(name)
    raise InputError(
        f"there is no backbone '{name}'.",
        where="backbone",
        hint=f"Use one of {', '.join(BACKBONES)}, or timm:<architecture> with a checkpoint file.",
    )


def _from_timm(name: str) -> BackboneSpec:
    architecture = name.removeprefix(TIMM_PREFIX)
    config = timm_config(architecture)
    spec = BackboneSpec(
        name=name,
        architecture=architecture,
        licence=str(config.license or "see the publisher"),
        input_size=int(config.input_size[-1]),
        mean=tuple(config.mean),
        std=tuple(config.std),
        interpolation="bilinear" if config.interpolation == "bilinear" else "bicubic",
        feature_size=0,
        paper=str(config.paper_name or ""),
        crop_share=float(config.crop_pct or 1.0),
        note="any network of timm; give its checkpoint file or let the hub provide it",
    )
    return replace(spec, hub_id=str(config.hf_hub_id)) if config.hf_hub_id else spec


def timm_config(architecture: str) -> Any:
    """Return timm's own description of an architecture."""
    try:
        from timm.models import get_pretrained_cfg, is_model
    except ImportError as error:
        raise InputError(
            f"the network '{architecture}' is one of timm, which is not installed.",
            where="backbone",
            hint=TORCH_HINT,
        ) from error
    config = get_pretrained_cfg(architecture) if is_model(architecture.split(".")[0]) else None
    if config is None:
        raise InputError(
            f"timm has no network '{architecture}'.",
            where="backbone",
            hint="List its networks with: python -c 'import timm; print(timm.list_models())'.",
        )
    return config


def backbone_table() -> list[dict[str, object]]:
    """List every backbone with its licence and whether its weights are on this machine.

    Returns
    -------
    list of dict
        Keys ``name``, ``architecture``, ``feature_size``, ``input_size``, ``licence``,
        ``weights_source``, ``paper``, ``present`` (bool), ``note``.
    """
    return [
        {
            "name": spec.name,
            "architecture": spec.architecture,
            "feature_size": spec.feature_size,
            "input_size": spec.input_size,
            "licence": spec.licence,
            "weights_source": spec.weights_source,
            "paper": spec.paper,
            "present": weights_on_disk(spec) is not None,
            "note": spec.note,
        }
        for spec in BACKBONES.values()
    ]
