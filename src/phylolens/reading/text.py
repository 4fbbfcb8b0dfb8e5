"""Open what a user gives: regular files only, of a bounded size, and every failure one message.

All readers pass here, so that a named pipe, a full disk, a file cut short or a foreign library's
own error each end in one :class:`~phylolens.errors.InputError` and never in a traceback.
"""

import errno
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from phylolens.errors import InputError

LARGEST_TEXT = 2 << 30  # bytes; a larger table or tree is refused before memory runs out
BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}  # a spreadsheet's "Unicode text"
# What the system calls it, and what a user can do about it.
SYSTEM_FAULTS = {
    errno.ENOSPC: "the disk is full; free some space and run the same command again",
    errno.EDQUOT: "the disk quota is used up; free some space and run the same command again",
    errno.EACCES: "no permission; check the rights of the file and its folder",
    errno.EPERM: "no permission; check the rights of the file and its folder",
    errno.EROFS: "the disk is read-only; give another folder",
    errno.ENAMETOOLONG: "the name is too long for this disk; shorten it",
    errno.ELOOP: "this is a link that leads back to itself; replace it by the file",
    errno.ENOENT: "no such file or folder",
    errno.EISDIR: "this is a folder; a file is needed",
    errno.ENOTDIR: "part of this path is a file, not a folder",
    errno.EMFILE: "too many files are open; raise the limit (ulimit -n)",
    errno.EIO: "the disk reports an error; copy the file elsewhere and try again",
    errno.ESTALE: "the network folder is gone; mount it again",
}


def system_fault(error: OSError) -> str:
    """Say in plain words what the system refused."""
    known = SYSTEM_FAULTS.get(error.errno or 0)
    return known or (error.strerror or str(error) or type(error).__name__).lower()


def require_regular(path: Path, hint: str = "") -> None:
    """Raise :class:`InputError` unless ``path`` is, or links to, a regular file.

    Pipes, devices and sockets are refused before they are opened: reading one may never end.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        dangling = path.is_symlink()
        problem = "this link leads to a file that is not there." if dangling else "no such file."
        raise InputError(problem, where=path, hint=hint) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
        fault = system_fault(error) if isinstance(error, OSError) else "not a file name"
        raise InputError(f"{fault}.", where=path, hint=hint) from error
    if stat.S_ISDIR(mode):
        raise InputError("this is a folder; a file is needed.", where=path, hint=hint)
    if not stat.S_ISREG(mode):
        raise InputError(
            "this is a pipe, device or socket, not a regular file.", where=path, hint=hint
        )


@contextmanager
def clear_errors(what: str, where: object, hint: str = "") -> Iterator[None]:
    """Turn whatever a foreign reader raises into one :class:`InputError`.

    Parameters
    ----------
    what : str
        What the file should have been, with its article: ``"a parquet file"``.
    where : path or str
        The file.
    hint : str, optional
        What to do next, instead of the general advice.
    """
    try:
        yield
    except InputError:
        raise
    except MemoryError as error:
        raise InputError(
            f"not enough memory to read {what}; it is too large or damaged.", where=where, hint=hint
        ) from error
    except RecursionError as error:
        raise InputError(f"nested too deeply to be {what}.", where=where, hint=hint) from error
    except OSError as error:
        if error.errno in SYSTEM_FAULTS:
            raise InputError(f"{system_fault(error)}.", where=where) from error
        raise _damaged(what, error, where, hint) from error
    except Exception as error:  # every foreign reader fails in its own way on a damaged file
        raise _damaged(what, error, where, hint) from error


def _damaged(what: str, error: Exception, where: object, hint: str) -> InputError:
    reason = next(iter(str(error).strip().splitlines()), "")[:160].rstrip(".") or "cut short"
    return InputError(
        f"this is not {what}, or it is damaged or cut short ({type(error).__name__}: {reason}).",
        where=where,
        hint=hint or "Copy or export it again.",
    )


def read_text(path: Path, hint: str = "") -> str:
    """Read text in UTF-8 (with or without a mark) or UTF-16 (with one); lines end in a newline.

    Raises
    ------
    InputError
        If the file is absent, no regular file, too large, empty, not text or in another encoding.
    """
    require_regular(path, hint)
    size = path.stat().st_size
    if size > LARGEST_TEXT:
        raise InputError(
            f"the file has {size / 1e9:.1f} GB; at most {LARGEST_TEXT / 1e9:.1f} GB are read.",
            where=path,
            hint="Leave out columns or rows that are not needed.",
        )
    with clear_errors("a text file", path):
        content = path.read_bytes()
    return decoded(content, path)


# How files begin that are no text, whatever their names say.
OTHER_KINDS = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook",
    b"\x1f\x8b": "a compressed file (gzip)",
    b"PAR1": "a parquet file",
    b"ARROW1": "a feather file",
    b"%PDF": "a PDF",
    b"\x93NUMPY": "an array of numpy (.npy)",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"SQLite": "a database",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
}


def decoded(content: bytes, where: object) -> str:
    """Decode the bytes of a text file; see :func:`read_text`."""
    kind = next((kind for start, kind in OTHER_KINDS.items() if content.startswith(start)), "")
    if kind:
        raise InputError(
            f"this is {kind}, not text.",
            where=where,
            hint="If it is the right file, give it the ending of its kind.",
        )
    encoding = BYTE_ORDER_MARKS.get(content[:2], "utf-8-sig")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"the file is not UTF-8 text (byte {content[error.start]:#04x} in line {line}).",
            where=where,
            hint="Save it again as UTF-8 (in a spreadsheet: 'CSV UTF-8').",
        ) from error
    if "\0" in text:
        raise InputError("not a text file: it holds NUL bytes.", where=where)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise InputError("the file is empty.", where=where)
    return text
