"""EfficientNet-Lite as an ONNX graph, built from its weights without torch.

The graph computes what timm's network does, with batch norms folded into the convolutions before
them, as torch does when it exports one. Features of both agree to within rounding (1e-5).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from phylolens.embedding.backbones import BackboneSpec
from phylolens.embedding.fuse import FINAL
from phylolens.embedding.lite_network import SCALES, Arrays, Layer, plan, read_lite

OPSET = 17
IR_VERSION = 8  # of the file format that goes with it
INPUT, OUTPUT = "pixels", "features"  # several layers: features-0, features-1, ...
EPSILON = np.float32(1e-3)  # of the batch norms
Array = np.ndarray[Any, Any]


def can_build(spec: BackboneSpec, layers: Sequence[str]) -> bool:
    """Whether a backbone and the layers asked of it need no torch."""
    built = layers_built(spec)
    return bool(built) and set(layers) <= set(built)


def layers_built(spec: BackboneSpec) -> dict[str, str]:
    """Return the layers that can be had without torch, each with the block whose output it is.

    They are those that a graph with folded batch norms has: stem (``bn1``), blocks, stages and
    head (``bn2``). Empty for a backbone that needs torch.
    """
    if spec.architecture not in SCALES:
        return {}
    names = [block.name for block in plan(spec.architecture)]
    stages = {name.rpartition(".")[0]: name for name in names if "." in name}  # their last blocks
    return {FINAL: "", "blocks": names[-2], **stages, **{name: name for name in names}}


def lite_onnx(spec: BackboneSpec, weights: Path, layers: Sequence[str] = ()) -> bytes:
    """Build a Lite backbone as ONNX: uint8 pixels (n, side, side, 3) in, float32 features out.

    Parameters
    ----------
    spec : BackboneSpec
        The backbone; :func:`can_build` has to say yes.
    weights : Path
        Its checkpoint.
    layers : sequence of str
        Layers to average over space, an output (n, d) each; empty for the usual features.

    Returns
    -------
    bytes
        The content of an ONNX file; the same for the same input.

    Raises
    ------
    InputError
        If the weights do not fit.
    """
    graph = _Graph(read_lite(spec.architecture, weights))
    side = spec.input_size
    value = graph.normalised(spec)
    kept = {}
    for block in plan(spec.architecture):
        came_in = value
        for layer in block.layers:
            value, side = graph.convolved(value, layer, side)
        if block.skips:
            value = graph.add("Add", [value, came_in], f"{block.name}.add")
        kept[block.name] = value
    outputs = layers_built(spec)
    names = [f"{OUTPUT}-{number}" for number in range(len(layers))] or [OUTPUT]
    for layer_name, name in zip(layers or (FINAL,), names, strict=True):
        if layer_name == FINAL:
            graph.add("Flatten", [graph.pooled(value)], name, axis=1)
        else:
            graph.add("ReduceMean", [kept[outputs[layer_name]]], name, axes=[2, 3], keepdims=0)
    return graph.content(spec.input_size, names)


class _Graph:
    """Nodes and constants of a graph that grows."""

    def __init__(self, arrays: Arrays) -> None:
        self._arrays = arrays
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._limits = [self.constant("zero", np.float32(0)), self.constant("six", np.float32(6))]

    def add(self, operation: str, inputs: Sequence[str], output: str, **settings: Any) -> str:
        """Add a node, and return the name of its output."""
        from onnx import helper

        self._nodes.append(helper.make_node(operation, inputs, [output], output, **settings))
        return output

    def constant(self, name: str, array: Array | np.float32) -> str:
        """Add a constant, and return its name."""
        from onnx import numpy_helper

        self._constants.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def normalised(self, spec: BackboneSpec) -> str:
        """Turn bytes into planes of values as the network was trained on."""
        sides = [
            self.constant(name, np.array(values, np.float32).reshape(1, 3, 1, 1) * 255)
            for name, values in (("shift", spec.mean), ("scale", spec.std))
        ]
        planes = self.add("Transpose", [INPUT], "planes", perm=[0, 3, 1, 2])
        numbers = self.add("Cast", [planes], "numbers", to=1)
        centred = self.add("Sub", [numbers, sides[0]], "centred")
        return self.add("Div", [centred, sides[1]], "normalised")

    def convolved(self, value: str, layer: Layer, side: int) -> tuple[str, int]:
        """Convolve with the batch norm folded in; returns the output and its side.

        Zeros are added all around as TensorFlow does ("same"): more of them right and below.
        """
        get = self._arrays.__getitem__
        scale = get(f"{layer.norm}.weight") / np.sqrt(get(f"{layer.norm}.running_var") + EPSILON)
        kernel = get(f"{layer.conv}.weight") * scale[:, None, None, None]
        offset = -get(f"{layer.norm}.running_mean") * scale + get(f"{layer.norm}.bias")
        weights = [
            self.constant(f"{layer.conv}.weight", kernel),
            self.constant(f"{layer.conv}.bias", offset),
        ]
        width = layer.shape[-1]
        after = -(-side // layer.stride)
        zeros = max((after - 1) * layer.stride + width - side, 0)
        found = self.add(
            "Conv",
            [value, *weights],
            layer.conv,
            group=layer.groups,
            kernel_shape=[width, width],
            pads=[zeros // 2] * 2 + [zeros - zeros // 2] * 2,
            strides=[layer.stride] * 2,
        )
        return (self._cut(found, layer.norm) if layer.relu else found), after

    def _cut(self, value: str, name: str) -> str:
        """Cut values to 0–6."""
        return self.add("Clip", [value, *self._limits], name)

    def pooled(self, value: str) -> str:
        """Average over space."""
        return self.add("GlobalAveragePool", [value], "pooled")

    def content(self, side: int, outputs: Sequence[str]) -> bytes:
        """Return the finished graph as the bytes of a file."""
        from onnx import TensorProto, helper

        graph = helper.make_graph(
            self._nodes,
            "efficientnet-lite",
            [helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["n", side, side, 3])],
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", None])
                for name in outputs
            ],
            self._constants,
        )
        model = helper.make_model(
            graph,
            producer_name="phylolens",
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
        )
        found: bytes = model.SerializeToString(deterministic=True)
        return found
