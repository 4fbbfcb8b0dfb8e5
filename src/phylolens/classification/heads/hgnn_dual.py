"""Hierarchy-guided network of two networks: one for the coarse rank, one for the fine, fused.

Elhamod et al. (2022) Methods Ecol. Evol. 13:642 train two image networks, of genus and of species,
and let the species answer from what both see. Here each is a network of two layers on frozen
features with weights of its own; ``hgnn`` is the light one, of one layer each.
"""

from typing import Any

from sklearn.base import ClassifierMixin

from phylolens.classification.heads.hgnn import HierarchyGuided
from phylolens.classification.transform import behind_steps


class DualHierarchyGuided(HierarchyGuided):
    """Two encoders of two rectified layers; their joined outputs pass a third into the classes.

    The coarse encoder answers the parents by itself; the loss is ``coarse_weight`` times the
    cross-entropy of the parents plus that of the classes, so it is told of both. Parameters are
    those of :class:`~phylolens.classification.heads.hgnn.HierarchyGuided`; ``hidden`` units in each
    first layer, half as many in the second and in the fused one.

    Attributes
    ----------
    weights_ : dict of str to array of float32
        ``fine_in``, ``fine_deep``, ``fused``, ``fine_out`` and, with parents, ``coarse_in``,
        ``coarse_deep``, ``coarse_out``, each with a ``…_bias``. The rows of ``fused`` are the
        units of the fine encoder, then those of the coarse one (``fused_coarse``).
    """

    def _shapes(self, width: int) -> dict[str, tuple[int, int]]:
        half = max(1, self.hidden // 2)
        shapes = {
            "fine_in": (width, self.hidden),
            "fine_deep": (self.hidden, half),
            "fused": (half, half),
            "fine_out": (half, len(self.classes_)),
        }
        if len(self.coarse_classes_):
            shapes |= {
                "coarse_in": (width, self.hidden),
                "coarse_deep": (self.hidden, half),
                "coarse_out": (half, len(self.coarse_classes_)),
                "fused_coarse": (half, half),
            }
        return shapes

    def _forward(self, weights: Any, rows: Any, relu: Any) -> tuple[Any, Any]:
        def layer(name: str, given: Any) -> Any:
            return given @ weights[name] + weights[f"{name}_bias"]

        fine = relu(layer("fine_deep", relu(layer("fine_in", rows))))
        fused, coarser = layer("fused", fine), None
        if "coarse_in" in weights:
            coarse = relu(layer("coarse_deep", relu(layer("coarse_in", rows))))
            coarser = layer("coarse_out", coarse)
            # Two blocks of one matrix: the joined outputs need no copy.
            fused = fused + layer("fused_coarse", coarse)
        return layer("fine_out", relu(fused)), coarser


def hgnn_dual(seed: int) -> ClassifierMixin:
    """Both networks behind the usual transforms; ``make_head`` tells them the parents."""
    return behind_steps(DualHierarchyGuided(seed=seed), seed)
