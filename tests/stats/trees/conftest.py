"""Small trees and the pairs every measure is tried on."""

from collections.abc import Callable

import numpy as np
import pytest
from skbio import TreeNode


def tree_of(newick: str) -> TreeNode:
    return TreeNode.read([newick])


def random_tree(n: int, seed: int, *, collapse: float = 0.0) -> TreeNode:
    """Random tree on tips t0, t1, ... by joining; inner branches lost with chance ``collapse``."""
    rng = np.random.default_rng(seed)
    nodes = [TreeNode(name=f"t{place}") for place in range(n)]
    while len(nodes) > 2:
        first, second = sorted(rng.choice(len(nodes), size=2, replace=False), reverse=True)
        pair = [nodes.pop(first), nodes.pop(second)]
        lost = [node for node in pair if not node.is_tip() and rng.random() < collapse]
        kept = [node for node in pair if not any(node is other for other in lost)]
        below = kept + [child for node in lost for child in list(node.children)]
        nodes.append(TreeNode(children=below))
    return TreeNode(children=nodes)


def shuffled(tree: TreeNode, seed: int) -> TreeNode:
    """Copy of the same rooted tree with the children of every node in another order."""
    rng = np.random.default_rng(seed)
    tree = tree.copy()
    for node in tree.postorder(include_self=True):
        node.children = [node.children[place] for place in rng.permutation(len(node.children))]
    return tree


@pytest.fixture
def tree() -> Callable[[str], TreeNode]:
    return tree_of


@pytest.fixture
def drawn() -> Callable[..., TreeNode]:
    return random_tree


@pytest.fixture
def shuffle() -> Callable[[TreeNode, int], TreeNode]:
    return shuffled


@pytest.fixture
def pairs() -> list[tuple[TreeNode, TreeNode]]:
    """Binary with binary, binary with polytomies, polytomies with polytomies; 4 to 9 tips."""
    return [
        (random_tree(n, 10 * n + k, collapse=first), random_tree(n, 7 * n + k, collapse=second))
        for n in (4, 5, 6, 7, 8, 9)
        for k, (first, second) in enumerate([(0.0, 0.0), (0.0, 0.6), (0.5, 0.5)])
    ]


SYMMETRIC = "((e,(f,(g,h))),(((a,b),c),d));"
BALANCED = "(((e,f),(g,h)),((a,b),(c,d)));"
STAR = "(e,c,g,h,b,a,d,f);"
TWO = "((a,b),(c,d,e,f,g,h));"
THREE = "((a,b,c),(d,e,f,g,h));"
FOUR = "((a,b,c,d),(e,f,g,h));"


@pytest.fixture
def eight() -> dict[str, TreeNode]:
    """Trees of eight tips for which the TreeDist package of R asserts values in its tests."""
    texts = {
        "symmetric": SYMMETRIC,
        "balanced": BALANCED,
        "star": STAR,
        "two": TWO,
        "three": THREE,
        "four": FOUR,
    }
    return {name: tree_of(text) for name, text in texts.items()}
