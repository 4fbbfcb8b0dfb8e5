"""Placements in the jplace format, version 3, as gappa, guppy and iTOL read them.

Matsen, Hoffman, Gallagher & Stamatakis (2012) PLoS ONE 7:e31009.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from phylolens.errors import InputError, require_file
from phylolens.placement.branches import Branches
from phylolens.placement.newick import newick
from phylolens.reading.text import read_text
from phylolens.writing import write_text

VERSION = 3
FIELDS = ("edge_num", "likelihood", "like_weight_ratio", "distal_length", "pendant_length")
LEAST = 1e-4  # share of a branch that is written
DIGITS = 9
HINT = "Give a file that `phylolens place` or another program for placement wrote."
EDGE = re.compile(r":([-+.\deE]+)\{(\d+)\}")


@dataclass(frozen=True)
class BranchShare:
    """One branch as the place of an unknown.

    Parameters
    ----------
    branch : int
        Number of the branch.
    log_likelihood : float
        Here the logarithm of the share: likelihoods of several kinds of evidence have no one unit.
    share : float
        Probability.
    distal : float
        Distance of the point from the branch's lower end, unit of the tree.
    pendant : float
        Length of the unknown's own branch.
    """

    branch: int
    log_likelihood: float
    share: float
    distal: float
    pendant: float


def write_jplace(
    path: Path,
    branches: Branches,
    placements: Mapping[str, Sequence[BranchShare]],
    *,
    invocation: str,
) -> None:
    """Write placements.

    Parameters
    ----------
    path : Path
    branches : Branches
        The reference tree; edges have the numbers of its branches.
    placements : mapping of str to sequence of BranchShare
        By unknown, likeliest first. Branches of less than 0.0001 are left out, but for the first;
        shares are not made to sum to one again.
    invocation : str
        The command that was run.
    """
    tree = branches.to_tree()
    nodes = list(tree.postorder(include_self=False))
    for node in nodes:
        node.length = node.length or 0.0
    rows = [
        {
            "p": [_row(one) for place, one in enumerate(shares) if not place or one.share >= LEAST],
            "n": [name],
        }
        for name, shares in sorted(placements.items())
    ]
    found = {
        "tree": newick(tree, {id(node): number for number, node in enumerate(nodes)}),
        "placements": rows,
        "metadata": {"invocation": invocation},
        "version": VERSION,
        "fields": list(FIELDS),
    }
    write_text(path, json.dumps(found, ensure_ascii=False, indent=1) + "\n")


def _row(one: BranchShare) -> list[float | int]:
    branch, *numbers = astuple(one)
    return [branch, *(float(f"{number:.{DIGITS}g}") for number in numbers)]


def read_jplace(path: Path) -> tuple[str, dict[str, list[BranchShare]]]:
    """Read placements, strictly.

    Parameters
    ----------
    path : Path

    Returns
    -------
    tree : str
        Newick with numbers of edges in braces.
    placements : dict of str to list of BranchShare
        By name.

    Raises
    ------
    InputError
        If the file is no jplace of version 3, a placement names no edge of the tree, its point lies
        beyond the edge, or shares do not add up to at most one.
    """
    require_file(path, HINT)
    try:
        content = json.loads(read_text(path, HINT))
    except json.JSONDecodeError as error:
        raise InputError(f"not a JSON file ({error}).", where=path, hint=HINT) from error
    if not isinstance(content, dict) or content.get("version") != VERSION:
        got = content.get("version") if isinstance(content, dict) else type(content).__name__
        raise InputError(f"jplace of version {VERSION} is read; got {got}.", where=path, hint=HINT)
    missing = [name for name in FIELDS if name not in content.get("fields", ())]
    if missing or "tree" not in content:
        raise InputError(
            "jplace without these fields.", where=path, ids=missing or ["tree"], hint=HINT
        )
    lengths = {int(edge): float(length) for length, edge in EDGE.findall(content["tree"])}
    order = [content["fields"].index(name) for name in FIELDS]
    found: dict[str, list[BranchShare]] = {}
    for one in content.get("placements", ()):
        shares = [_share([row[place] for place in order], lengths, path) for row in one["p"]]
        total = sum(share.share for share in shares)
        names = [str(name) for name in one.get("n", ())] or [str(nm[0]) for nm in one.get("nm", ())]
        if total > 1 + 1e-6:
            raise InputError(f"shares add up to {total:g}.", where=path, ids=names)
        found |= dict.fromkeys(names, shares)
    return str(content["tree"]), found


def without_edges(tree: str) -> str:
    """Leave the numbers of edges out of a tree."""
    return EDGE.sub(r":\1", tree)


def _share(row: Sequence[Any], lengths: Mapping[int, float], path: Path) -> BranchShare:
    edge = int(row[0])
    if edge not in lengths:
        raise InputError("a placement names no edge of the tree.", where=path, ids=[str(edge)])
    one = BranchShare(edge, *(float(number) for number in row[1:]))
    slack = 1e-6 * max(1.0, lengths[edge])
    sound = (
        math.isfinite(one.share)
        and 0 <= one.share <= 1 + 1e-9
        and -slack <= one.distal <= lengths[edge] + slack
        and one.pendant >= 0
    )
    if not sound:
        raise InputError(
            f"no point of edge {edge}, of length {lengths[edge]:g}: {row}.", where=path
        )
    return one
