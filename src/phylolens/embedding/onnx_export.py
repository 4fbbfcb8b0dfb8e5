"""Make a backbone an ONNX file once, and keep it by the hash of its weights.

The bundled Lite backbones are built from their weights without torch; others torch exports.
"""

import hashlib
import json
import logging
import warnings
from collections.abc import Sequence
from pathlib import Path

from phylolens.embedding.backbones import BackboneSpec
from phylolens.embedding.cache import cache_folder
from phylolens.embedding.lite_graph import INPUT, OPSET, OUTPUT, can_build, lite_onnx
from phylolens.writing import replacing, write_text

EXPORT_VERSION, BUILD_VERSION = 2, "built 1"  # raise when the network would differ


def onnx_path(spec: BackboneSpec, weights_sha256: str, layers: Sequence[str]) -> Path:
    """Return where the network of these weights and layers is kept.

    One that is built and one that torch exports are two files: their features differ by rounding
    (1e-5), and should not depend on which of the two was there first.
    """
    content = [
        BUILD_VERSION if can_build(spec, layers) else EXPORT_VERSION,
        OPSET,
        spec.architecture,
        spec.key_format,
        spec.input_size,
        spec.mean,
        spec.std,
        spec.keeps_head,
        weights_sha256,
        list(layers),
    ]
    digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    return cache_folder() / "onnx" / f"{spec.architecture}-{digest[:32]}.onnx"


def verified(path: Path) -> bytes | None:
    """Return the content of a network's file if its bytes are those that were written; else None.

    The bytes returned are the ones that were hashed: a file changed in between does no harm.
    """
    try:
        content = path.read_bytes()
        recorded = _hash_file(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return content if hashlib.sha256(content).hexdigest() == recorded else None


def _hash_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def build(spec: BackboneSpec, weights: Path, layers: Sequence[str], target: Path) -> None:
    """Write a backbone that :func:`can_build` names as ONNX; see :func:`export`."""
    content = lite_onnx(spec, weights, layers)
    with replacing(target) as temporary:
        temporary.write_bytes(content)
        write_text(_hash_file(target), f"{hashlib.sha256(content).hexdigest()}\n")


def export(spec: BackboneSpec, weights: Path, layers: Sequence[str], target: Path) -> None:
    """Write a backbone as ONNX: uint8 pixels (n, side, side, 3) in, float32 features out.

    There is one output (n, d) a layer, so that its width can be told from the file alone.

    Parameters
    ----------
    spec : BackboneSpec
        The backbone.
    weights : Path
        Its checkpoint.
    layers : sequence of str
        Layers to pool; empty for the usual features.
    target : Path
        Written whole or not at all.

    Raises
    ------
    InputError
        If the weights do not fit.
    RuntimeError
        If this torch cannot export the network.
    """
    import torch

    from phylolens.embedding.torch_model import load_network

    network = load_network(spec, weights, layers)
    example = torch.zeros((2, spec.input_size, spec.input_size, 3), dtype=torch.uint8)
    outputs = [f"{OUTPUT}-{number}" for number in range(len(layers))] or [OUTPUT]
    with replacing(target) as temporary, warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # torch's notes on its two exporters
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        torch.onnx.export(
            network,
            (example,),
            str(temporary),
            input_names=[INPUT],
            output_names=outputs,
            dynamic_axes={name: {0: "n"} for name in (INPUT, *outputs)},
            opset_version=OPSET,
            dynamo=False,  # the other exporter needs onnxscript, one more dependency
        )
        digest = hashlib.sha256(temporary.read_bytes()).hexdigest()
        write_text(_hash_file(target), f"{digest}\n")
