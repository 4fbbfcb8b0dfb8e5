"""The map of similarity learning: categories and subcategories, in the order of the study's table.

Roy (2025), table 4.1. Cells marked as outside the map hold what this project adds to it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """One cell of the map.

    Parameters
    ----------
    name : str
        As it is typed: ``category/subcategory``.
    title : str
        As it is printed.
    in_map : bool
        Whether the study's table has it.
    """

    name: str
    title: str
    in_map: bool = True

    @property
    def category(self) -> str:
        """The part before the slash."""
        return self.name.partition("/")[0]


CELLS: tuple[Cell, ...] = (
    Cell("foundational/distances", "Foundational: distance metrics"),
    Cell("foundational/kernels", "Foundational: kernels"),
    Cell("foundational/information", "Foundational: information-theoretic"),
    Cell("foundational/strings", "Foundational: strings"),
    Cell("supervised/ranking", "Supervised: learning to rank"),
    Cell("supervised/embedding", "Supervised: contrastive embedding"),
    Cell("supervised/transfer", "Supervised: transfer"),
    Cell("supervised/few-shot", "Supervised: few-shot"),
    Cell("self-supervised/contrastive", "Self-supervised: contrastive augmentation"),
    Cell("self-supervised/clustering", "Self-supervised: clustering-guided"),
    Cell("unsupervised/clustering", "Unsupervised: clustering"),
    Cell("unsupervised/projection", "Unsupervised: projection", in_map=False),
    Cell("unsupervised/generative", "Unsupervised: reconstructive, generative"),
    Cell("reinforcement/policies", "Reinforcement: rewards and policies"),
    Cell("advanced/zero-shot", "Advanced: zero-shot"),
    Cell("advanced/graph", "Advanced: graph"),
    Cell("classifiers/heads", "Classifiers of taxa", in_map=False),
    Cell("hierarchical/heads", "Hierarchical heads (Hofmann et al. 2024)", in_map=False),
    Cell("guided/closed-form", "Guided by the tree, closed form", in_map=False),
    Cell("guided/attention", "Guided by the tree, attention pool", in_map=False),
)
BY_NAME = {cell.name: cell for cell in CELLS}
