"""Small image files, some of which no common library writes."""

import io
import struct
import zlib
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from PIL import Image


def _encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """Return the bytes of an image file."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def _tiff(
    values: np.ndarray,
    photometric: int = 2,
    *,
    planar: int = 1,
    big_endian: bool = False,
    deflate: bool = False,
    tags: Sequence[tuple[int, int, int, int]] = (),
) -> bytes:
    """Write a TIFF by hand: values of shape (height, width, bands) in one strip a plane."""
    order = ">" if big_endian else "<"
    height, width, bands = values.shape
    bits = values.dtype.itemsize * 8
    planes = [values[..., band] for band in range(bands)] if planar == 2 else [values]
    swapped = [np.ascontiguousarray(p.astype(p.dtype.newbyteorder(order))) for p in planes]
    strips = [zlib.compress(p.tobytes()) if deflate else p.tobytes() for p in swapped]
    numbers = [
        (256, 3, 1, width), (257, 3, 1, height), (259, 3, 1, 8 if deflate else 1),
        (262, 3, 1, photometric), (277, 3, 1, bands), (278, 3, 1, height), (284, 3, 1, planar),
        *tags,
    ]  # fmt: skip
    start = 8 + 2 + (len(numbers) + 3) * 12 + 4
    extra = b"".join(struct.pack(order + "H", bits) for _ in range(bands)) + b"\0" * (bands % 2)
    offsets_at = start + len(extra)
    data_at = offsets_at + 8 * len(strips)
    places = [data_at + sum(map(len, strips[:n])) for n in range(len(strips))]
    extra += b"".join(struct.pack(order + "I", place) for place in places)
    extra += b"".join(struct.pack(order + "I", len(strip)) for strip in strips)
    several = len(strips) > 1

    def value(kind: int, number: int) -> bytes:
        return struct.pack(order + ("HH" if kind == 3 else "I"), *([number, 0][: 5 - kind]))

    def few_bits() -> bytes:
        return struct.pack(order + "HH", bits, bits if bands == 2 else 0)

    entries = [(tag, kind, count, value(kind, number)) for tag, kind, count, number in numbers]
    entries += [
        (258, 3, bands, struct.pack(order + "I", start) if bands > 2 else few_bits()),
        (273, 4, len(strips), value(4, offsets_at if several else data_at)),
        (279, 4, len(strips), value(4, offsets_at + 4 * len(strips) if several
                                    else len(strips[0]))),
    ]  # fmt: skip
    head = (b"MM\0*" if big_endian else b"II*\0") + struct.pack(order + "I", 8)
    head += struct.pack(order + "H", len(entries))
    body = b"".join(
        struct.pack(order + "HHI", tag, kind, count) + content
        for tag, kind, count, content in sorted(entries)
    )
    return head + body + struct.pack(order + "I", 0) + extra + b"".join(strips)


def _png16(values: np.ndarray, significant: Sequence[int] = ()) -> bytes:
    """Write a PNG of 16 bits a channel: values of shape (height, width, 1, 3 or 4)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(
            ">I", zlib.crc32(kind + data)
        )  # fmt: skip

    height, width, bands = values.shape
    header = struct.pack(">IIBBBBB", width, height, 16, {1: 0, 3: 2, 4: 6}[bands], 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    told = chunk(b"sBIT", bytes(significant)) if significant else b""
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + told
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))  # fmt: skip


@pytest.fixture
def colours() -> np.ndarray:
    """Some values of 8 bits, shape (40, 30, 3), with black and white among them."""
    values = np.random.default_rng(0).integers(0, 256, (40, 30, 3)).astype(np.uint16)
    values[0, 0], values[0, 1] = 0, 255
    return values


@pytest.fixture
def widened(colours: np.ndarray) -> Callable[[int], np.ndarray]:
    """The same values on a scale of more bits, in 16-bit numbers."""

    def widen(bits: int) -> np.ndarray:
        return np.round(colours / 255 * (2**bits - 1)).astype(np.uint16)

    return widen


@pytest.fixture
def encoded() -> Callable[..., bytes]:
    """Turn an image into the bytes of a file: encoded(image, kind, **options)."""
    return _encoded


@pytest.fixture
def tiff() -> Callable[..., bytes]:
    """Write a TIFF by hand, of values (height, width, bands)."""
    return _tiff


@pytest.fixture
def png16() -> Callable[..., bytes]:
    """Write a PNG of 16 bits a channel."""
    return _png16
