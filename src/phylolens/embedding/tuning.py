"""A backbone whose last blocks can be trained, cut where training starts. Imports torch and timm.

What stands before the cut gives the same for good. It takes most of the time, so it is computed
once an image, and every step and every fit runs the rest alone.
"""

import copy
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from timm.models import group_parameters

from phylolens.embedding.backbones import BackboneSpec
from phylolens.embedding.torch_model import load_network
from phylolens.errors import InputError

LEAST = 1e-4  # of a feature to be rooted in training: the slope of the root has no bound at 0
ROUNDING = 1e-4  # of the largest feature: what the two ways of running a network may differ by


class _ReachedError(Exception):
    """Carries the output of the last frozen module out of a network."""

    def __init__(self, output: Any) -> None:
        super().__init__()
        self.output = output


class Replay(torch.nn.Module):
    """Stands for a frozen module and gives what that made of the images at hand."""

    kept: torch.Tensor

    def forward(self, *_: Any) -> torch.Tensor:
        """Give ``kept``, whatever comes in."""
        return self.kept


class Whole:
    """A network that is run whole: its images themselves are what training starts from."""

    def __init__(self, network: torch.nn.Module) -> None:
        self.network = network

    def activations(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the images."""
        return pixels

    def __call__(self, activations: torch.Tensor) -> torch.Tensor:
        """Features, shape (n, d)."""
        found: torch.Tensor = self.network(activations)[0]
        return found


class Halves(Whole):
    """A network in two parts.

    Parameters
    ----------
    network : Module
        Trained from here on. Frozen modules beside the first trained one are taken out of it, the
        last of them replaced by ``replay``; what comes earlier still sees a black image.
    frozen : Module
        A copy of the whole network that stops where training starts.
    replay : Replay
    side : int
        Of the images.
    """

    def __init__(
        self, network: torch.nn.Module, frozen: torch.nn.Module, replay: Replay, side: int
    ) -> None:
        super().__init__(network)
        self.frozen, self.replay, self.side = frozen, replay, side

    def activations(self, pixels: torch.Tensor) -> torch.Tensor:
        """Run the frozen part."""
        try:
            self.frozen(pixels)
        except _ReachedError as reached:
            found: torch.Tensor = reached.output
            return found
        raise RuntimeError("the frozen part was not left")

    def __call__(self, activations: torch.Tensor) -> torch.Tensor:
        """Run the rest."""
        self.replay.kept = activations
        black = torch.zeros((1, self.side, self.side, 3), dtype=torch.uint8)
        found: torch.Tensor = self.network(black.to(activations.device))[0]
        return found


def cut(network: torch.nn.Module, trained: Collection[str], side: int) -> Whole:
    """Cut a network before the first trained module, where that gives the same features.

    Parameters
    ----------
    network : Module
        Takes pixels (n, side, side, 3) of uint8; its first output is features (n, d).
    trained : collection of str
        Names of the parameters to train.
    side : int

    Returns
    -------
    Whole
        :class:`Halves` where the network can be cut: it is tried on two images.
    """
    pixels = (torch.arange(2 * side * side * 3) % 251).view(2, side, side, 3).to(torch.uint8)
    beside = _frozen_beside(network, trained, pixels)
    if not beside:
        return Whole(network)
    halves = _halves(network, beside, side)
    with torch.inference_mode():
        wanted: torch.Tensor = network(pixels)[0]
        try:
            found = halves(halves.activations(pixels))
        except Exception:  # networks differ in many ways; one that cannot be cut is run whole
            return Whole(network)
        near = found.shape == wanted.shape and torch.allclose(
            found, wanted, rtol=0, atol=ROUNDING * float(wanted.abs().max())
        )
    return halves if near else Whole(network)


def _frozen_beside(
    network: torch.nn.Module, trained: Collection[str], pixels: torch.Tensor
) -> list[str]:
    """Name the frozen modules beside the first trained one, in the order they are called."""
    names = set(trained)
    with torch.inference_mode(), _listening(network) as called:
        network(pixels)
    modules = dict(network.named_modules())
    own = {name: {key for key, _ in modules[name].named_parameters(prefix=name)} for name in called}
    first = next((name for name in called if own[name] and own[name] <= names), "")
    if not first:
        return []
    earlier = [
        name for name in called[: called.index(first)] if not f"{first}.".startswith(f"{name}.")
    ]
    if any(own[name] & names for name in earlier):
        return []
    parent = first.rpartition(".")[0]
    return [name for name in dict.fromkeys(earlier) if name.rpartition(".")[0] == parent]


@contextmanager
def _listening(network: torch.nn.Module) -> Iterator[list[str]]:
    """Collect the names of modules as they are called."""
    called: list[str] = []

    def listen(name: str) -> Any:
        return lambda *_: called.append(name)

    handles = [
        module.register_forward_pre_hook(listen(name))
        for name, module in network.named_modules()
        if name
    ]
    try:
        yield called
    finally:
        for handle in handles:
            handle.remove()


def _halves(network: torch.nn.Module, beside: list[str], side: int) -> Halves:
    def stop(module: Any, inputs: Any, output: Any) -> None:
        raise _ReachedError(output)

    rest, frozen, replay = copy.deepcopy(network), copy.deepcopy(network), Replay()
    frozen.get_submodule(beside[-1]).register_forward_hook(stop)
    for name in beside:
        parent, _, own = name.rpartition(".")
        stand_in = replay if name == beside[-1] else torch.nn.Identity()
        setattr(rest.get_submodule(parent), own, stand_in)
    return Halves(rest, frozen, replay, side)


class TunableNetwork:
    """A network in evaluation mode: normalisation keeps its averages, nothing is dropped.

    Parameters
    ----------
    spec : BackboneSpec
    checkpoint : Path
        Published weights.
    blocks : int
        Groups of layers that can be trained, counted from the end, as timm groups them; none with
        0, the whole network where there are no more.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    """

    def __init__(
        self, spec: BackboneSpec, checkpoint: Path, blocks: int, device: str = "cpu"
    ) -> None:
        self.spec, self.device = spec, ready_device(device)
        self.key = (spec.name, str(checkpoint), blocks, self.device)
        network = load_network(spec, checkpoint)
        backbone: Any = network.backbone
        groups = group_parameters(backbone, backbone.group_matcher(coarse=True))
        last = sorted(groups)[max(0, len(groups) - blocks) :]
        wanted = {f"backbone.{name}" for group in last for name in groups[group]}
        for name, parameter in network.named_parameters():
            parameter.requires_grad_(name in wanted)
        self._halves = cut(network, wanted, spec.input_size)
        self._halves.network.to(self.device)
        if hasattr(self._halves, "frozen"):
            self._halves.frozen.to(self.device)
        self.free: dict[str, torch.nn.Parameter] = {
            name.removeprefix("backbone."): parameter
            for name, parameter in self._halves.network.named_parameters()
            if name in wanted
        }

    def tensors(self) -> dict[str, np.ndarray]:
        """Copy what can be trained."""
        return {name: value.detach().cpu().numpy().copy() for name, value in self.free.items()}

    def load(self, tensors: Mapping[str, np.ndarray]) -> None:
        """Put trained tensors in place."""
        with torch.no_grad():
            for name, value in tensors.items():
                self.free[name].copy_(torch.tensor(value))

    def activations(self, pixels: np.ndarray) -> np.ndarray:
        """Run the frozen part on images, (n, side, side, 3) of uint8; shape (n, ...)."""
        with torch.inference_mode():
            found = self._halves.activations(torch.from_numpy(pixels).to(self.device))
            return found.cpu().numpy()

    def __call__(self, activations: np.ndarray) -> torch.Tensor:
        """Features that the trained blocks can be trained by, shape (n, d), on the CPU."""
        return self._halves(torch.from_numpy(activations).to(self.device)).cpu()

    def features(self, activations: np.ndarray) -> np.ndarray:
        """Features, float32 of shape (n, d)."""
        with torch.inference_mode():
            return self(activations).numpy()


def root_tensor(features: torch.Tensor) -> torch.Tensor:
    """Square root of features, where gradients pass through it."""
    return features.clamp(min=LEAST).sqrt()


def ready_device(device: str) -> str:
    """Return the device to use; ``auto`` is a CUDA device where there is one, else the CPU.

    Raises
    ------
    InputError
        If torch sees no such device here.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if not there.get(device):
        raise InputError(
            f"torch sees no '{device}' device here.", where="device", hint="Use --device cpu."
        )
    return device
