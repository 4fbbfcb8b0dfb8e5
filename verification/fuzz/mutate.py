"""Damage a file as disks, networks and editors do; the same seed gives the same damage."""

from collections.abc import Callable, Sequence

import numpy as np

WORDS = (
    *"\"',;:()[]{}=&|\t\n\r\0 -+.",
    *("''", '""', "\\'", "[&U]", "[&R]", "#NEXUS", "NaN", "inf", "-1", "1e999", "0x10", "1,5"),
    *(
        "99999999999999999999",
        "NA",
        "\ufeff",
        "\u200b",
        "\u2028",
        "é",
        "e\u0301",
        "=cmd()",
        "../../",
    ),
)
TOKENS = (*(word.encode() for word in WORDS), b"\xff", b"\xfe", b"\x80", b"\xc3(")

Damage = Callable[[bytearray, np.random.Generator], bytearray]


def flip_bits(data: bytearray, rng: np.random.Generator) -> bytearray:
    """Flip one to eight bits."""
    for place in rng.integers(len(data), size=rng.integers(1, 9)):
        data[place] ^= 1 << int(rng.integers(8))
    return data


def set_bytes(data: bytearray, rng: np.random.Generator) -> bytearray:
    """Overwrite a run with one value: zeros, ones, or random bytes."""
    start, length = _span(data, rng, 16)
    kind = rng.integers(3)
    fill = rng.bytes(length) if kind == 2 else bytes([0 if kind == 0 else 255]) * length
    data[start : start + length] = fill
    return data


def cut_short(data: bytearray, rng: np.random.Generator) -> bytearray:
    """Keep the beginning only, as of a copy that stopped."""
    return data[: int(rng.integers(len(data)))]


def drop(data: bytearray, rng: np.random.Generator) -> bytearray:
    """Leave out a run."""
    start, length = _span(data, rng, max(2, len(data) // 4))
    del data[start : start + length]
    return data


def repeat(data: bytearray, rng: np.random.Generator) -> bytearray:
    """Write a run several times."""
    start, length = _span(data, rng, max(2, min(256, len(data) // 2)))
    data[start:start] = data[start : start + length] * int(rng.integers(1, 9))
    return data


def move(data: bytearray, rng: np.random.Generator) -> bytearray:
    """Copy a run over another place."""
    start, length = _span(data, rng, max(2, len(data) // 3))
    to = int(rng.integers(len(data)))
    data[to : to + length] = data[start : start + length]
    return data


def insert_token(data: bytearray, rng: np.random.Generator) -> bytearray:
    """Write something with a meaning to some reader."""
    for _ in range(int(rng.integers(1, 5))):
        place = int(rng.integers(len(data) + 1))
        data[place:place] = TOKENS[int(rng.integers(len(TOKENS)))]
    return data


def swap_lines(data: bytearray, rng: np.random.Generator) -> bytearray:
    """Exchange, drop or double a line."""
    lines = bytes(data).split(b"\n")
    a, b = rng.integers(len(lines), size=2)
    kind = rng.integers(3)
    if kind == 0:
        lines[a], lines[b] = lines[b], lines[a]
    elif kind == 1:
        del lines[a]
    else:
        lines.insert(int(b), lines[a])
    return bytearray(b"\n".join(lines))


DAMAGES: tuple[Damage, ...] = (
    flip_bits,
    set_bytes,
    cut_short,
    drop,
    repeat,
    move,
    insert_token,
    swap_lines,
)
LIGHT: tuple[Damage, ...] = (flip_bits, insert_token, swap_lines)
LARGEST = 1 << 20  # bytes: repeats must not grow without end


def mutated(samples: Sequence[bytes], rng: np.random.Generator) -> bytes:
    """Damage one of ``samples`` in one to three ways; now and then join it to another one."""
    data = bytearray(samples[int(rng.integers(len(samples)))])
    if rng.random() < 0.05:
        other = samples[int(rng.integers(len(samples)))]
        data = data[: int(rng.integers(len(data) + 1))] + other[int(rng.integers(len(other) + 1)) :]
    # Half of the inputs are hurt little, so that much of what follows the opening is reached.
    kinds, most = (LIGHT, 1) if rng.random() < 0.5 else (DAMAGES, 3)
    for _ in range(int(rng.integers(1, most + 1))):
        if data:
            data = kinds[int(rng.integers(len(kinds)))](data, rng)
    return bytes(data[:LARGEST])


def _span(data: bytearray, rng: np.random.Generator, longest: int) -> tuple[int, int]:
    start = int(rng.integers(len(data)))
    return start, int(rng.integers(1, max(2, min(longest, len(data) - start + 1))))
