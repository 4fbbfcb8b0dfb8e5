"""Parse one Newick text as people write it; scikit-bio reads what is left.

Labels may hold blanks and apostrophes without quotes, and be quoted in Bio.Phylo's manner. They are
quoted here in the standard way, so that no two labels can run into one.
"""

import io
import re

from skbio import TreeNode

from phylolens.phylogeny.tree_text import QUOTED, NotATree, bare

DEEPEST = 20_000  # nodes above one another; beyond it nothing that works on trees does
_PART = re.compile(rf"\s+|{QUOTED}|[(),:;]|\"[^\"\n]*\"(?=\s*[(),:;])|[^(),:;]+?(?=[(),:;]|\Z)")
# Within a label, these look like two tips that ran into one.
_GLUED = re.compile(r":\s*[-+]?\.?\d[^,()]*[,()]|[,()].*:\s*[-+]?\.?\d")
_PLAIN = re.compile(r"[^\s'\"()\[\],:;]+")


def parse_newick(text: str) -> TreeNode:
    """Parse a Newick text.

    Parameters
    ----------
    text : str
        Without comments, from its first parenthesis to its semicolon.

    Raises
    ------
    NotATree
        If it cannot be parsed, is nested too deeply, or a quoted name seems to hold several tips.
    """
    try:
        return TreeNode.read(
            io.StringIO(standard_newick(text)),
            format="newick",
            verify=False,  # its sniffer would say less than the parser about what is wrong
            convert_underscores=False,
        )
    except NotATree:
        raise
    except Exception as error:  # the parser raises many kinds; all mean the same to the user
        raise NotATree(str(error).rstrip(".") or type(error).__name__) from error


def standard_newick(text: str) -> str:
    """Quote the labels of a Newick text as the standard wants it."""
    parts: list[str] = []
    depth = 0
    after_colon = after_label = False
    for found in _PART.finditer(text):
        part = found.group().strip()
        if not part:
            continue
        if part in "(),:;":
            depth += (part == "(") - (part == ")")
            if depth > DEEPEST:
                raise NotATree(f"it is nested more than {DEEPEST:,} deep")
            after_colon, after_label = part == ":", False
            parts.append(part)
        elif after_label:
            raise NotATree(f"two names in a row at {part[:30]!r}; look for apostrophes and quotes")
        else:
            parts.append(part if after_colon else _label(part))
            after_label = True
    return "".join(parts)


def _label(part: str) -> str:
    name = bare(part)
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1]
    if _GLUED.search(name):
        raise NotATree(
            f"the name {name[:60]!r} seems to hold several tips; look for apostrophes and quotes"
        )
    if _PLAIN.fullmatch(name):
        return name
    return "'" + " ".join(name.split()).replace("'", "''") + "'"
