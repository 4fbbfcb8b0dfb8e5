"""Open image files: regular, of an allowed format and a bounded size, whatever their name says.

Nothing else in PhyloLens may ask Pillow to open a file; a test sees to that.
"""

import hashlib
import io
import logging
import os
import stat
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageFile, TiffImagePlugin, UnidentifiedImageError

from phylolens.errors import InputError
from phylolens.images.formats import HEAD, RAW, UnreadableImage, identify, require_known
from phylolens.reading.text import require_regular, system_fault

BIG = b"+"  # a TIFF with 8-byte addresses
TOO_LARGE = "too-large-image"
LARGEST_FILE = 2 << 30  # bytes
IN_MEMORY = 1 << 25  # bytes; larger files are read from the disk while they are decoded
MOST_WORK = 20_000 * 10**6  # pixels times scans of a progressive JPEG; a camera's has 10 scans
SCAN = b"\xff\xda"
OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
DNG_VERSION, SUBFILE_TYPE, SUB_IFDS, BITS, SAMPLES, COMPRESSION, PLANES = (
    *(50706, 254, 330, 258, 277, 259, 284),
)
logging.getLogger("PIL").addHandler(logging.NullHandler())  # what it logs is said in our messages


def open_file(path: Path) -> BinaryIO:
    """Open a file that should hold an image; close it when done.

    Raises
    ------
    UnreadableImage
        If it is absent, no regular file, unreadable, empty, too large, or a camera's raw file.
    """
    try:
        require_regular(path)
    except InputError as error:
        kind = "unreadable-image" if _is_there(path) else "missing-file"
        raise UnreadableImage(error.problem.rstrip("."), kind) from error
    try:
        # Without blocking: should a pipe take its place meanwhile, opening it must not hang.
        number = os.open(path, OPEN_FLAGS)
        file = os.fdopen(number, "rb")
        try:
            return _admitted(file, path.name)
        except BaseException:
            file.close()
            raise
    except OSError as error:
        raise UnreadableImage(f"the file cannot be read: {system_fault(error)}") from error


def _admitted(file: BinaryIO, name: str) -> BinaryIO:
    """Let an open file through if it is regular, not too large and of a known kind."""
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableImage("this is a pipe, device or socket, not a regular file")
    if status.st_size > LARGEST_FILE:
        detail = f"{status.st_size / 1e9:.1f} GB, limit {LARGEST_FILE / 1e9:.1f} GB"
        raise UnreadableImage("the file is too large; save it smaller", TOO_LARGE, detail)
    require_known(name, file.read(HEAD))
    file.seek(0)
    if status.st_size > IN_MEMORY:
        return file
    with file:
        return io.BytesIO(file.read(IN_MEMORY))


def sha256_of(file: BinaryIO) -> str:
    """Hash the content of an open file, without holding it in memory."""
    file.seek(0)
    digest = hashlib.sha256()
    while part := file.read(1 << 20):
        digest.update(part)
    return digest.hexdigest()


def _is_there(path: Path) -> bool:
    """Whether the name exists as something else than a file, or cannot be followed."""
    try:
        return not stat.S_ISDIR(path.stat().st_mode)
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True


@contextmanager
def opened(source: bytes | BinaryIO) -> Iterator[Image.Image]:
    """Open an image; its header is read and no pixel decoded yet.

    Whatever fails inside, too, is raised as :class:`UnreadableImage`.

    Parameters
    ----------
    source : bytes or binary file
        From :func:`open_file`, or a file's content.
    """
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    with _clear_faults(), _own_settings():
        file.seek(0)
        name = identify(file.read(HEAD))
        file.seek(0)
        try:
            image = Image.open(file, formats=(name,))
        except UnidentifiedImageError as error:
            raise _unusual(file, name) from error
        # No context manager of Pillow's: it would close a file that is read again.
        _require_no_thumbnail(image, file)
        _require_bounded_work(image, file)
        yield image


@contextmanager
def _clear_faults() -> Iterator[None]:
    try:
        yield
    except UnreadableImage:
        raise
    except MemoryError as error:
        raise UnreadableImage("there is not enough memory to decode it", TOO_LARGE) from error
    except OSError as error:
        reason = system_fault(error) if error.errno else str(error)
        raise _damaged(reason) from error
    except Exception as error:  # every format's reader fails in its own way on damaged bytes
        raise _damaged(str(error) or type(error).__name__) from error


def _damaged(reason: str) -> UnreadableImage:
    detail = " ".join(reason.split())[:120]
    return UnreadableImage("the image is damaged or cut short", detail=detail)


class _Settings:
    """Pillow's limits for all of a process, changed while we decode and put back afterwards.

    Our own limit goes by what an image needs in memory; files cut short must be found, even where
    another library told Pillow to pass over them.
    """

    def __init__(self) -> None:
        self._lock, self._users = threading.Lock(), 0
        self._before: tuple[int | None, bool] = (None, False)

    def __enter__(self) -> None:
        with self._lock:
            if not self._users:
                self._before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)
                Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = None, False
            self._users += 1
            # Oddities of metadata say nothing about the pixels.
            warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = self._before


_SETTINGS = _Settings()


def _own_settings() -> _Settings:
    return _SETTINGS


def _require_no_thumbnail(image: Image.Image, file: BinaryIO) -> None:
    """Refuse raw files called TIFF: their first page is a thumbnail of the image."""
    tags = getattr(image, "tag_v2", None)
    if tags is None:
        return
    file.seek(8)
    thumbnail = bool(_number(tags.get(SUBFILE_TYPE)) & 1) and SUB_IFDS in tags
    if DNG_VERSION in tags or thumbnail or file.read(2) == b"CR":
        raise UnreadableImage(str(RAW))


def _require_bounded_work(image: Image.Image, file: BinaryIO) -> None:
    """Refuse a progressive JPEG with scans without end: every scan passes over the whole image."""
    pixels = image.size[0] * image.size[1]
    if not image.info.get("progressive") or pixels < 10**6:
        return
    position, scans = file.tell(), 0
    file.seek(0)
    while part := file.read(1 << 20):
        scans += part.count(SCAN)
    file.seek(position)
    if scans * pixels > MOST_WORK:
        problem = "a progressive JPEG of too many scans; save it again as an ordinary JPEG"
        raise UnreadableImage(problem, detail=f"{scans:,} scans")


def _unusual(file: BinaryIO, name: str) -> UnreadableImage:
    """Say what kind of TIFF it is that Pillow does not know, as far as its first page tells."""
    if name == "AVIF" and not _knows_avif():
        return UnreadableImage("this Pillow does not read AVIF: install Pillow 11.3 or newer")
    if name != "TIFF":
        return _damaged(f"its header is not that of a {name} file")
    try:
        file.seek(0)
        head = file.read(16)
        page = TiffImagePlugin.ImageFileDirectory_v2(head if BIG in head[:4] else head[:8])
        file.seek(page.next)
        page.load(file)
        bits = page.get(BITS, 1)
        each = "/".join(map(str, sorted(set(bits if isinstance(bits, tuple) else (bits,)))))
        bands, packing = _number(page.get(SAMPLES, 1)), _number(page.get(COMPRESSION, 1))
    except Exception:  # too damaged to say more
        return _damaged("its header is not that of a TIFF file")
    return UnreadableImage(
        "a TIFF of a kind that is not read; save it as grey or RGB of 8 or 16 bits",
        detail=f"{bands} band{'s' if bands != 1 else ''} of {each} bits, compression {packing}",
    )


def _knows_avif() -> bool:
    from PIL import features

    return bool(features.check("avif"))


def _number(value: object) -> int:
    first = value[0] if isinstance(value, tuple) and value else value
    return first if isinstance(first, int) else 0
