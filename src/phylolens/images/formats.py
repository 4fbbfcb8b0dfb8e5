"""Formats that are read, told by their first bytes, and what is said of all others.

Pillow knows some fifty formats and hands some of them (PostScript, Windows metafiles) to other
programs, which run what the file says. So the format is told here, whatever the name ends in, and
Pillow is asked for that one format only.
"""

from pathlib import PurePath
from typing import NamedTuple

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


class Foreign(NamedTuple):
    """A kind of file that is not read: what it is, and what its user can do."""

    what: str
    cure: str

    def __str__(self) -> str:
        return f"this is {self.what}, which is not read: {self.cure}"


CONVERT = "save it as JPEG, PNG or TIFF"
HEIC = Foreign(
    "a HEIC file of a phone",
    "convert it to JPEG (on a Mac: Preview, Export; elsewhere: heif-convert or ImageMagick; for "
    "new ones, on the phone: Settings, Camera, Formats, Most Compatible)",
)


RAW = Foreign(
    "a raw file of a camera",
    "convert all with the same settings to TIFF or JPEG (such as RawTherapee or darktable)",
)
SLIDE = Foreign("a file of a microscope or slide scanner", "export it as TIFF or PNG (Fiji)")


VOLUME = Foreign("a medical or scientific volume", "export a view of it as PNG or TIFF (Fiji)")
DRAWING = Foreign("a drawing", "export it as PNG")


POSTSCRIPT = Foreign("PostScript", "export it as PNG")
METAFILE = Foreign("a Windows metafile", "export it as PNG")


XML = Foreign("SVG or another XML file", "export it as PNG")
DOCUMENT = Foreign("a document", "export its pages or figures as PNG")


PDF = Foreign("a PDF", "export its pages or figures as PNG")
FILM = Foreign("a film", "extract frames as PNG or JPEG")


PHOTOSHOP = Foreign("a Photoshop file", "export it as PNG or TIFF")
LAYERED = Foreign("an image with layers", "export it as PNG or TIFF")


JPEG_XL, JPEG_XR = Foreign("JPEG XL", CONVERT), Foreign("JPEG XR", CONVERT)
RARE = Foreign("an image of a rare format", CONVERT)


ARCHIVE = Foreign("an archive", "unpack it")
WEB_PAGE = Foreign("a web page", "download the image again: this is what the server answered")


PLACEHOLDER = Foreign(
    "a placeholder of Git LFS", "run 'git lfs pull' in its folder, which fetches the image itself"
)
COMPANION = Foreign("a file that a Mac keeps beside an image", "leave it out")


ENDINGS_OF: dict[Foreign, str] = {
    HEIC: ".heic .heif .hif .heics",
    RAW: ".nef .nrw .cr2 .cr3 .crw .arw .srf .sr2 .dng .orf .rw2 .raf .pef .srw .x3f .erf .3fr "
    ".iiq .kdc .mrw .raw",
    SLIDE: ".czi .nd2 .lif .lsm .oib .oif .vsi .svs .ndpi .scn .mrxs .qptiff .zvi .ims",
    VOLUME: ".dcm .dicom .nii .nrrd .mha .mhd .fits .fit .vol .am",
    DRAWING: ".svg .svgz .eps .ps .ai .wmf .emf .cdr .dwg .dxf",
    DOCUMENT: ".pdf .djvu .doc .docx .ppt .pptx .odt .odp",
    FILM: ".mp4 .mov .avi .mkv .webm .m4v .mts .m2ts",
    PHOTOSHOP: ".psd .psb",
    LAYERED: ".xcf .kra .clip .afphoto",
    JPEG_XL: ".jxl",
    JPEG_XR: ".jxr .wdp .hdp",
    RARE: ".ico .icns .cur .tga .dds .exr .hdr .apng .sgi .pcx .pict .pct .jbig2 .jb2",
    ARCHIVE: ".zip .tar .gz .tgz .bz2 .xz .7z .rar",
}


BY_ENDING = {ending: kind for kind, endings in ENDINGS_OF.items() for ending in endings.split()}
FOREIGN_STARTS = {
    b"%!": POSTSCRIPT,
    b"\x04%!": POSTSCRIPT,
    b"\xc5\xd0\xd3\xc6": POSTSCRIPT,
    b"%PDF": PDF,
    b"8BPS": PHOTOSHOP,
    b"gimp xcf": LAYERED,
    b"\xd7\xcd\xc6\x9a": METAFILE,
    b"\0\0\x01\0": RARE,
    b"icns": RARE,
    b"FUJIFILMCCD-RAW": RAW,
    b"IIRO": RAW,
    b"IIRS": RAW,
    b"MMOR": RAW,
    b"IIU\0": RAW,
    b"FOVb": RAW,
    b"II\xbc\x01": JPEG_XR,
    b"\xff\x0a": JPEG_XL,
    b"\0\0\0\x0cJXL ": JPEG_XL,
    b"ZISRAWFILE": SLIDE,
    b"SIMPLE  =": VOLUME,
    b"\x89HDF": VOLUME,
    b"PK\x03\x04": Foreign("a zip archive or office document", "give the images that it holds"),
    b"Rar!": ARCHIVE,
    b"\x1f\x8b": ARCHIVE,
    b"7z\xbc\xaf": ARCHIVE,
    b"version https://git-lfs": PLACEHOLDER,
    b"\0\x05\x16\x07": COMPANION,
}


TEXTS = {
    b"<!doctype html": WEB_PAGE,
    b"<html": WEB_PAGE,
    b"<svg": XML,
    b"<?xml": XML,
    b"<!doctype svg": XML,
}
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


def foreign_ending(name: str) -> Foreign | None:
    """Return what a file is by its ending; None for endings not known."""
    return BY_ENDING.get(PurePath(name).suffix.lower())


def foreign_content(head: bytes) -> Foreign | None:
    """Return what a file is by its first bytes; None where not known."""
    for start, known in FOREIGN_STARTS.items():
        if head.startswith(start):
            return known
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for start, known in TEXTS.items():
        if text.startswith(start):
            return known
    return VOLUME if head[128:132] == b"DICM" else None


def advice(name: str) -> str:
    """Say what a file is by its ending and what to do with it; empty for endings not known."""
    return str(foreign_ending(name) or "")
