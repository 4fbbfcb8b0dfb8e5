"""Names and trees as Newick and NEXUS write them."""

import re

from skbio import TreeNode

PLAIN = re.compile(r"[^\s()\[\]{}'\":;,_/\\=*`+<>-]+")


def quoted(name: str) -> str:
    """Return a name as Newick and NEXUS take it: in single quotes unless it is one plain word."""
    if PLAIN.fullmatch(name):
        return name
    return "'" + name.replace("'", "''") + "'"


def newick(tree: TreeNode, edge_of: dict[int, int] | None = None) -> str:
    """Write a tree in one line.

    Parameters
    ----------
    tree : TreeNode
        Missing lengths are left out.
    edge_of : dict of int to int, optional
        Numbers of branches by the ``id`` of the node below, written in braces as jplace wants.
    """
    parts: dict[int, str] = {}
    for node in tree.postorder(include_self=True):
        inside = ",".join(parts.pop(id(child)) for child in node.children)
        text = f"({inside})" if node.children else ""
        text += quoted(str(node.name)) if node.name else ""
        text += f":{node.length:.12g}" if node.length is not None else ""
        if edge_of is not None and id(node) in edge_of:
            text += f"{{{edge_of[id(node)]}}}"
        parts[id(node)] = text
    return parts[id(tree)] + ";"
