"""Newick and NEXUS, one tree and many."""

from pathlib import Path

from phylolens.phylogeny import read_tree, read_trees

NEWICK = b"(((Acer_palmatum:2,'Hers''s maple':2)0.9:3,(Betula_pendula:1,Alnus_sp.:1):4):1,Ilex:6);"
NEXUS = b"""#NEXUS
[a comment]
BEGIN TAXA;
 DIMENSIONS NTAX=4;
 TAXLABELS Acer_palmatum 'Hers''s maple' Betula Ilex;
END;
BEGIN TREES;
 TRANSLATE 1 Acer_palmatum, 2 'Hers''s maple', 3 Betula, 4 Ilex;
 TREE one = [&R] ((1[&rate=0.1]:1.5,2:1.5):[&rate=1E-3]2,(3:1,4:1):2.5);
END;
"""


def samples(folder: Path) -> dict[str, list[bytes]]:
    """Sound trees."""
    unrooted = b"[&U] (Acer:1,Betula:2,(Ilex:1,Alnus:2):0.5);\n"
    return {".nwk": [NEWICK, unrooted, NEWICK + b"\n" + NEWICK], ".nex": [NEXUS]}


def attempt(path: Path) -> None:
    """Read the tree, and the file as a sample of trees."""
    for _ in read_trees(path):
        pass
    read_tree(path)
