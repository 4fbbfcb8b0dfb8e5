"""Run a backbone: onnxruntime on the CPU, torch on a GPU or where onnxruntime is missing."""

import ctypes.util
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from phylolens.embedding.backbones import DEFAULT_BACKBONE, BackboneSpec
from phylolens.embedding.lite_graph import INPUT, can_build, layers_built
from phylolens.embedding.onnx_export import build, export, onnx_path, verified
from phylolens.embedding.weights import INSTALL_HINT, TORCH_HINT
from phylolens.errors import InputError, Problem

DEVICES = ("auto", "cpu", "cuda", "mps")
AGREEMENT = 0.999  # smallest cosine between features of a device and of the CPU
N_TEST_IMAGES = 8


class Inference(Protocol):
    """Something that turns images into features."""

    in_threads: bool  # whether worker threads call it, an image at a time
    blocks: tuple[int, ...]  # features of each layer, in column order

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Map uint8 (n, side, side, 3) to float32 (n, d)."""
        ...


class OnnxInference:
    """onnxruntime on one core a call.

    Several threads call it at once, an image each: measured on two cores this is 1.7 times as
    fast as batches spread over the cores, needs less memory, and an image's features cannot
    depend on its neighbours in a batch.
    """

    in_threads = True

    def __init__(self, network: bytes) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            network, options, providers=["CPUExecutionProvider"]
        )
        side = self._session.get_inputs()[0].shape[1]
        self.blocks = tuple(block.shape[1] for block in self._run(_blank(side)))

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Map uint8 (n, side, side, 3) to float32 (n, d)."""
        return np.hstack(self._run(pixels))

    def _run(self, pixels: np.ndarray) -> list[np.ndarray]:
        return self._session.run(None, {INPUT: pixels})


class TorchInference:
    """torch on a GPU, or on the CPU where onnxruntime cannot be used."""

    in_threads = False

    def __init__(
        self, spec: BackboneSpec, weights: Path, layers: Sequence[str] = (), device: str = "cpu"
    ) -> None:
        import torch

        from phylolens.embedding.torch_model import load_network

        self._torch, self._device = torch, torch.device(device)
        self._network: Any = load_network(spec, weights, layers).to(self._device)
        self.blocks = tuple(block.shape[1] for block in self._run(_blank(spec.input_size)))

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Map uint8 (n, side, side, 3) to float32 (n, d)."""
        return np.hstack(self._run(pixels))

    def _run(self, pixels: np.ndarray) -> list[np.ndarray]:
        with self._torch.inference_mode():
            batch = self._torch.from_numpy(pixels).to(self._device)
            return [block.float().cpu().numpy() for block in self._network(batch)]


def _blank(side: int) -> np.ndarray:
    """One black image: shows how wide each layer's output is."""
    return np.zeros((1, side, side, 3), np.uint8)


@dataclass(frozen=True)
class Opened:
    """A backbone ready to run, and what is worth telling about it."""

    run: Inference
    problems: tuple[Problem, ...] = ()


def open_inference(
    spec: BackboneSpec,
    weights: Path,
    weights_sha256: str,
    layers: Sequence[str] = (),
    device: str = "auto",
) -> Opened:
    """Make a backbone ready to run.

    With ``auto`` a CUDA device is used through torch if there is one, else onnxruntime on the CPU.
    The bundled Lite backbones and networks exported before need onnxruntime only; torch is not
    even imported.

    Parameters
    ----------
    spec : BackboneSpec
        The backbone.
    weights : Path
        Its checkpoint.
    weights_sha256 : str
        Hash of that file.
    layers : sequence of str
        Layers to pool and join.
    device : str
        One of ``DEVICES``.

    Raises
    ------
    InputError
        If torch is needed and not installed, the device is not there, or the weights do not fit.
    """
    if device in ("cuda", "mps") or (device == "auto" and _cuda_driver() and _has("torch")):
        _need_torch(f"the device '{device}'")
        if _torch_device_ready("cuda" if device == "auto" else device):
            chosen = "cuda" if device == "auto" else device
            return _trusted(spec, weights, weights_sha256, layers, chosen)
        if device != "auto":
            raise InputError(
                f"torch sees no '{device}' device here.", where="device", hint="Use --device cpu."
            )
    if not _has("onnxruntime"):
        _need_torch("embedding images without onnxruntime", hint=INSTALL_HINT)
        return Opened(TorchInference(spec, weights, layers), (_note("it is not installed"),))
    return _open_onnx(spec, weights, weights_sha256, layers)


def _trusted(
    spec: BackboneSpec, weights: Path, weights_sha256: str, layers: Sequence[str], device: str
) -> Opened:
    """Use a device if it agrees with the CPU on a few images; else the CPU."""
    found = TorchInference(spec, weights, layers, device)
    reference = TorchInference(spec, weights, layers)
    cosine = agreement(found, reference, spec.input_size)
    if cosine >= AGREEMENT:
        return Opened(found)
    opened = (
        _open_onnx(spec, weights, weights_sha256, layers)
        if _has("onnxruntime")
        else Opened(reference)
    )
    warning = Problem(
        "device-disagrees",
        "warning",
        f"features of the device '{device}' differ from those of the CPU (cosine {cosine:.4f}, at "
        f"least {AGREEMENT} is wanted); the CPU is used",
    )
    return Opened(opened.run, (warning, *opened.problems))


def agreement(one: Inference, other: Inference, side: int) -> float:
    """Return the smallest cosine between two networks' features of eight fixed images."""
    images = _test_images(side)
    a, b = (run(images).astype(np.float64) for run in (one, other))
    if a.shape != b.shape or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return -1.0
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float((np.einsum("ij,ij->i", a, b) / np.maximum(norms, np.finfo(float).tiny)).min())


def _test_images(side: int) -> np.ndarray:
    """Make eight images of smooth colours and stripes; always the same."""
    x, y = np.meshgrid(np.linspace(0, 1, side), np.linspace(0, 1, side))
    images = [
        np.stack([127.5 * (1 + np.sin((k + 1) * (3 * x + c * y) + k)) for c in range(3)], axis=-1)
        for k in range(N_TEST_IMAGES)
    ]
    return np.array(images).astype(np.uint8)


def _open_onnx(
    spec: BackboneSpec, weights: Path, weights_sha256: str, layers: Sequence[str]
) -> Opened:
    path = onnx_path(spec, weights_sha256, layers)
    problems: tuple[Problem, ...] = ()
    if path.is_file():
        network = verified(path)
        if network is not None:
            return Opened(OnnxInference(network))
        problems = (_damaged(path),)
    require_engine(spec, layers)
    built = can_build(spec, layers)
    try:
        (build if built else export)(spec, weights, layers, path)
        network = verified(path)
        assert network is not None, "the file just written is whole"
        return Opened(OnnxInference(network), problems)
    except InputError:
        raise
    except Exception as error:  # exporters fail in many ways; torch itself still works
        if built:
            raise
        reason = f"the network cannot be exported ({type(error).__name__}: {str(error)[:120]})"
        return Opened(TorchInference(spec, weights, layers), (*problems, _note(reason)))


def _damaged(path: Path) -> Problem:
    return Problem(
        "damaged-network",
        "warning",
        "the exported network in the cache was damaged or had no recorded hash, and was made anew",
        (path.name,),
    )


def _note(reason: str) -> Problem:
    return Problem(
        "slow-inference", "note", f"onnxruntime is not used: {reason}; torch on the CPU is slower."
    )


def _has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def require_vision() -> None:
    """Raise :class:`InputError` unless something that runs networks is installed."""
    if not (_has("onnxruntime") or _has("torch")):
        raise InputError(
            "turning images into features needs onnxruntime or torch.",
            where="embed",
            hint=INSTALL_HINT,
        )


def require_engine(spec: BackboneSpec, layers: Sequence[str]) -> None:
    """Raise :class:`InputError` unless what makes this network's ONNX file is installed."""
    if not can_build(spec, layers):
        _need_torch(*_what_needs_torch(spec, layers))
    elif not _has("onnx"):
        raise InputError("embedding images needs onnx.", where="embed", hint=INSTALL_HINT)


def _what_needs_torch(spec: BackboneSpec, layers: Sequence[str]) -> tuple[str, str]:
    """Say what of a request needs torch, and what to do."""
    without = layers_built(spec)
    if not without:
        return f"the backbone '{spec.name}'", f"{TORCH_HINT} Or use --backbone {DEFAULT_BACKBONE}."
    unknown = ", ".join(name for name in layers if name not in without)
    shown = ", ".join(name for name in without if name.count(".") <= 1)
    return f"the layer {unknown}", f"{TORCH_HINT} Without it there are {shown}."


def _need_torch(what: str, hint: str = TORCH_HINT) -> None:
    absent = [name for name in ("torch", "timm") if not _has(name)]
    if absent:
        raise InputError(f"{what} needs {' and '.join(absent)}.", where="embed", hint=hint)


def _cuda_driver() -> bool:
    """Whether the CUDA driver is installed, found without importing torch (seconds)."""
    if sys.platform == "win32":
        return ctypes.util.find_library("nvcuda") is not None
    return Path("/dev/nvidiactl").exists() or Path("/dev/dxg").exists()


def _torch_device_ready(device: str) -> bool:
    import torch

    if device == "mps":
        return bool(torch.backends.mps.is_available())
    return bool(torch.cuda.is_available())
