"""Distance matrices: named, unnamed, triangles, PHYLIP, pairs."""

from pathlib import Path

from phylolens.phylogeny import read_distances

CSV = [
    b",a,b,c,d\na,0,1,2,3\nb,1,0,2.5,3\nc,2,2.5,0,1\nd,3,3,1,0\n",
    b'"a";"b";"c"\n"a";0;1,5;2\n"b";1,5;0;3\n"c";2;3;0\n',
    b"0 1 2\n1 0 3\n2 3 0\n",
    b",a,b,c\na,,,\nb,1,,\nc,2.5,3,\n",
    b"x\ty\td\na\tb\t1\na\tc\t2\nb\tc\t3\n",
    b"\xef\xbb\xbff,a,b,c\r\na,1,.5,.2\r\nb,.5,1,.1\r\nc,.2,.1,1\r\n",
]
PHYLIP = [
    b" 4\nAlpha  0 1 2 3\nBeta 1 0 2 3\nGamma 2 2 0 1\nDelta 3 3 1 0\n",
    b"3\na\nb 1\nc 2.5 3\n",
    b"3\na 1 2.5\nb 3\nc\n",
    b"  3\nAcer palma 0.0 1.0\n 2.0\nAcer rubru 1.0 0.0\n 3.0\nIlex aquif 2.0 3.0\n 0.0\n",
]


def samples(folder: Path) -> dict[str, list[bytes]]:
    """Sound matrices."""
    return {".csv": CSV, ".phy": PHYLIP}


def attempt(path: Path) -> None:
    """Read a matrix."""
    read_distances(path)
