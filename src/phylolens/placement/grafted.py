"""The reference tree with unknowns grafted on it, and how sure each graft is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from skbio import TreeNode

from phylolens.errors import InputError
from phylolens.placement.branches import Branches
from phylolens.placement.newick import newick, quoted
from phylolens.writing import write_text

SAME = 1e-9  # of the tree's height: points that near are one


@dataclass(frozen=True)
class Attachment:
    """Where an unknown is grafted.

    Parameters
    ----------
    name : str
        Of the new tip.
    branch : int
    distal : float
        Distance of the point from the branch's lower end, unit of the tree.
    pendant : float
        Length of the new branch.
    support : float
        Probability of the branch.
    """

    name: str
    branch: int
    distal: float
    pendant: float
    support: float


def grafted_tree(branches: Branches, attachments: Sequence[Attachment]) -> TreeNode:
    """Graft unknowns at their likeliest points.

    Paths between the reference taxa stay as they are. New nodes are labelled with the support of
    the graft, two decimals; several unknowns at one point share a node, with the lowest support.

    Parameters
    ----------
    branches : Branches
        The reference tree.
    attachments : sequence of Attachment

    Raises
    ------
    InputError
        If an unknown has the name of a taxon or of another unknown.
    """
    names = [one.name for one in attachments]
    twice = sorted(name for name in set(names) if names.count(name) > 1 or name in branches.taxa)
    if twice:
        raise InputError(
            "unknowns with the name of a taxon or of each other cannot be grafted.",
            ids=twice,
            hint="Give the unknowns names of their own.",
        )
    tree = branches.to_tree()
    nodes = list(tree.postorder(include_self=True))
    slack = SAME * branches.height
    by_branch: dict[int, list[Attachment]] = {}
    for one in sorted(attachments, key=lambda one: (one.branch, one.distal, one.name)):
        by_branch.setdefault(one.branch, []).append(one)
    for branch, own in by_branch.items():
        below, reached = nodes[branch], 0.0
        for one in own:
            if below is not nodes[branch] and one.distal - reached <= slack:
                below.append(TreeNode(name=one.name, length=one.pendant))
                below.name = min(str(below.name), f"{one.support:.2f}")
                continue
            below = _split(below, one.distal - reached, one)
            reached = one.distal
    return tree


def _split(node: TreeNode, up: float, one: Attachment) -> TreeNode:
    """Put a new node on the branch above ``node``, so far up, with the unknown; return it."""
    parent, length = node.parent, float(node.length or 0.0)
    up = min(max(up, 0.0), length)
    place = parent.children.index(node)
    parent.remove(node)
    node.length = up
    new = TreeNode(name=f"{one.support:.2f}", length=length - up)
    new.extend([node, TreeNode(name=one.name, length=one.pendant)])
    parent.append(new)
    parent.children.insert(place, parent.children.pop())  # where the branch had been
    return new


def write_newick(path: Path, tree: TreeNode) -> None:
    """Write a tree as Newick, one line."""
    write_text(path, newick(tree) + "\n")


def write_nexus(path: Path, tree: TreeNode) -> None:
    """Write a rooted tree as NEXUS, with its taxa."""
    names = [quoted(str(tip.name)) for tip in tree.tips()]
    lines = [
        "#NEXUS",
        "BEGIN TAXA;",
        f"  DIMENSIONS NTAX={len(names)};",
        f"  TAXLABELS {' '.join(names)};",
        "END;",
        "BEGIN TREES;",
        f"  TREE grafted = [&R] {newick(tree)}",
        "END;",
    ]
    write_text(path, "\n".join(lines) + "\n")
