"""Formats that are read, told by their first bytes, and what is raised for all others.

Pillow knows some fifty formats and hands some of them (PostScript, Windows metafiles) to other
programs, which run what the file says. So the format is told here, whatever the name ends in, and
Pillow is asked for that one format only.
"""

from phylolens.images.foreign import FILM, HEIC, RAW, foreign_content, foreign_ending

IMAGE_ENDINGS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".tif", ".tiff", ".bmp", ".dib", ".webp"),
    *(".gif", ".jp2", ".j2k", ".j2c", ".jpf", ".jpx", ".avif", ".ppm", ".pgm", ".pbm", ".pnm"),
)
HEAD = 1024  # bytes that tell a format

STARTS = {
    b"\xff\xd8\xff": "JPEG",  # also MPO: a JPEG followed by others
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",  # BigTIFF
    b"MM\0+": "TIFF",
    b"\xff\x4f\xff\x51": "JPEG2000",
    b"\0\0\0\x0cjP  \r\n\x87\n": "JPEG2000",
}
AVIF = (b"avif", b"avis")  # kinds of one container, which may name several
BOXED = {b"crx ": RAW} | dict.fromkeys(
    (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"), HEIC
)


class UnreadableImage(ValueError):
    """A file cannot be read as an image; the message says why, in plain words.

    Parameters
    ----------
    problem : str
        One clause, without a full stop; the same for all images with this fault.
    kind : str
        Of the :class:`~phylolens.errors.Problem`: ``missing-file``, ``unreadable-image`` or
        ``too-large-image``.
    detail : str
        What differs from image to image.
    """

    def __init__(self, problem: str, kind: str = "unreadable-image", detail: str = "") -> None:
        super().__init__(f"{problem} ({detail})" if detail else problem)
        self.problem, self.kind, self.detail = problem, kind, detail


def identify(head: bytes) -> str:
    """Return Pillow's name of the format that a file begins like.

    Parameters
    ----------
    head : bytes
        The first ``HEAD`` bytes of the file, or all where it is shorter.

    Raises
    ------
    UnreadableImage
        If it is empty, or no format that is read; what it is and what helps is said where known.
    """
    if not head:
        raise UnreadableImage("the file is empty")
    for start, name in STARTS.items():
        if head.startswith(start):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3] in b" \t\r\n#":
        return "PPM"
    if head[4:8] == b"ftyp":
        return _boxed(head)
    if known := foreign_content(head):
        raise UnreadableImage(str(known))
    if not head.strip(b"\0"):
        raise UnreadableImage("the file begins with nothing but zeros; copy it again")
    raise UnreadableImage("this is not an image in a known format")


def _boxed(head: bytes) -> str:
    """Tell AVIF from HEIC, raw files and films, which all come in the same container."""
    end = min(int.from_bytes(head[:4], "big"), 64)
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, end, 4))]
    if any(brand in AVIF for brand in brands):
        return "AVIF"
    raise UnreadableImage(str(next((BOXED[brand] for brand in brands if brand in BOXED), FILM)))


def require_known(name: str, head: bytes) -> None:
    """Raise :class:`UnreadableImage` unless a file is of a format that is read, or may be.

    What is not known by its content is named by its ending. A camera's raw file is refused by its
    ending alone: most are TIFFs whose first page is a thumbnail, which would be read in silence.
    """
    known = foreign_ending(name)
    if known is RAW:
        raise UnreadableImage(str(RAW))
    if known and head and not foreign_content(head):
        try:
            identify(head)
        except UnreadableImage as error:
            raise UnreadableImage(str(known)) from error
