"""What a method of the bench is: its cell, what it needs, and the learner it gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

from phylolens.guided.learners.base import Learner
from phylolens.paradigms.cells import BY_NAME, Cell
from phylolens.paradigms.data import BenchData
from phylolens.paradigms.material import Material

Need = Literal["views", "images", "species", "barcodes", "checkpoint"]
Cost = Literal["cheap", "moderate", "costly"]
Sees = Literal["nothing", "images", "labels", "tree"]

More = Callable[[Material, BenchData], Mapping[str, float | None]]

HOW: dict[Need, str] = {
    "views": "it compares altered views of images: give --images instead of --features",
    "images": "it works on the images themselves: give --images instead of --features",
    "barcodes": "it compares DNA barcodes of the taxa: give --barcodes coi.fasta beside the tree, "
    "with --genetic levenshtein for the edit distance",
    "species": "it learns from a finer rank than that of comparison: give --meta with one",
}


@dataclass(frozen=True)
class Method:
    """One method, judged like all others.

    Parameters
    ----------
    name : str
        As it is typed and printed.
    cell : str
        Of :data:`phylolens.paradigms.cells.CELLS`.
    fit : callable
        Given the :class:`Material`, returns an unfitted learner
        (:class:`phylolens.guided.learners.base.Learner`). Heavy libraries are imported in it.
    sees : {'nothing', 'images', 'labels', 'tree'}
        What it learns from besides what comes before in this list: ``images`` alone, the ``labels``
        of the taxa, or genetic distance (``tree``).
    about : str
        One sentence: what it does, and the source.
    needs : tuple of {'views', 'images', 'species', 'barcodes', 'checkpoint'}
        What of the material it cannot do without.
    packages : tuple of str
        Modules it imports that PhyloLens does not always bring.
    extra : str
        The extra of PhyloLens that installs them.
    cost : {'cheap', 'moderate', 'costly'}
        ``cheap`` is refitted to permuted taxa for a p-value; ``costly`` is left to ``full``.
    gives : {'embedding', 'distances'}
        Whether single images have a place, for retrieval and the probe.
    note : str
        What the reader must know of the figures, such as that names were seen in pretraining or
        that the places of all images depend on each other (transductive).
    get : str
        For a checkpoint that is absent: the one command that gets it.
    more : callable, optional
        Figures of this method alone, such as its few-shot accuracy: given the material and the
        data, returns them by name.
    """

    name: str
    cell: str
    fit: Callable[[Material], Learner]
    sees: Sees
    about: str
    needs: tuple[Need, ...] = ()
    packages: tuple[str, ...] = ()
    extra: str = ""
    cost: Cost = "cheap"
    gives: Literal["embedding", "distances"] = "embedding"
    note: str = ""
    get: str = ""
    more: More | None = None

    def __post_init__(self) -> None:
        if self.cell not in BY_NAME:
            raise ValueError(f"method {self.name}: no cell '{self.cell}'")

    @property
    def place(self) -> Cell:
        """Its cell of the map."""
        return BY_NAME[self.cell]

    def why_absent(self) -> str:
        """Say which library is not installed, and how it is; blank if all are."""
        absent = [name for name in self.packages if find_spec(name) is None]
        if not absent:
            return ""
        return f"needs {', '.join(absent)}: pip install 'phylolens[{self.extra}]'"

    def why_not(self, material: Material) -> str:
        """Say why it cannot be run here, and the one command that mends it; blank if it can."""
        if absent := self.why_absent():
            return absent
        for need in self.needs:
            if need == "checkpoint" and self.name not in material.checkpoints:
                return f"needs weights that are not here: {self.get}"
            if need in HOW and not _has(material, need):
                return HOW[need]
        if self.cost == "costly" and material.quick:
            return "takes too long for this budget: --budget full"
        return ""


def _has(material: Material, need: Need) -> bool:
    if need == "species":
        return bool(material.finer)
    return getattr(material, need) is not None
