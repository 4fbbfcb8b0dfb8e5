"""Named recipes of guided embedding, every value once.

They stand here, below the report, which says where a run departs from the published study; the
presets of a run take theirs from here (:mod:`phylolens.pipeline.settings`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

HELD_OUT = ("learner", "refits", "per_taxon", "sample_down_to", "sampling_table", "held_out")
IN_SAMPLE = ("per_taxon", "epochs", "learning_rate")


@dataclass(frozen=True)
class GuideRecipe:
    """Settings of one experiment.

    Parameters
    ----------
    name, source : str
        Name, and the study it follows.
    learner : tuple of str
        Learners, see :func:`phylolens.guided.learners.make_learner`; the first is the primary one.
    in_sample : bool
        Whether the learner is judged on the distances it was fitted to, instead of on clades held
        out.
    refits : int
        To permuted taxa, for the p-value of each learner.
    draws : int
        Sets of traits drawn along the tree, for each number of them, that skill is compared with.
    per_taxon : int
        Images of each taxon after sampling down or augmenting up; 0 takes them as they are.
    sample_down_to : int
        Images that frequent taxa are sampled down to, no genus or species lost; 0: not at all.
    augmentation : str
        Image alteration of added copies (see ``phylolens.embedding``).
    sampling_table : bool
        Whether to compare sampling schemes.
    epochs, learning_rate : int, float, optional
        Of the learner judged in-sample; its own by default.
    divisor : float, optional
        The genetic distance that the study mapped to similarity -1; used only where asked for,
        since the largest distance of other data is another.
    backbone, fit : str, optional
        The backbone the study used, and how it made images square; others may be chosen.
    """

    name: str
    source: str
    learner: tuple[str, ...] = ("default",)
    in_sample: bool = False
    refits: int = 99
    draws: int = 5
    per_taxon: int = 0
    sample_down_to: int = 0
    augmentation: str = "flip-rotate-jitter-affine"
    sampling_table: bool = False
    epochs: int | None = None
    learning_rate: float | None = None
    divisor: float | None = None
    backbone: str | None = None
    fit: str | None = None

    @property
    def options(self) -> tuple[str, ...]:
        """Options of the stage that it has a use for."""
        return IN_SAMPLE if self.in_sample else HELD_OUT


GUIDE_RECIPES: Mapping[str, GuideRecipe] = MappingProxyType(
    {
        "default": GuideRecipe(name="default", source="PhyloLens"),
        "roy2025": GuideRecipe(
            name="roy2025",
            source="Roy (2025), TU Ilmenau, experiment 2: distance-guided embedding learning",
            learner=("attention:solver=adam,loss=mse,features=raw,penalty=0",),
            in_sample=True,
            per_taxon=150,
            epochs=5000,
            learning_rate=1e-4,
            divisor=1.7,
            backbone="swav-resnet50",
            fit="squash",
        ),
    }
)
