"""Follow the pickle by which torch describes tensors, without running anything.

A pickle can call any function there is. Here :func:`pickletools.genops` splits it into its
instructions, which executes none of them, and the interpreter below follows those that dicts,
lists and tensors of numbers need. Whatever else a file asks for is refused.
"""

import pickletools
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from phylolens.embedding.key_formats import unwrap
from phylolens.errors import InputError

DTYPES = {
    "torch DoubleStorage": "<f8",
    "torch FloatStorage": "<f4",
    "torch HalfStorage": "<f2",
    "torch LongStorage": "<i8",
    "torch IntStorage": "<i4",
    "torch ShortStorage": "<i2",
    "torch CharStorage": "<i1",
    "torch ByteStorage": "<u1",
    "torch BoolStorage": "?",
}
ORDERED, TENSOR, PARAMETER = (
    "collections OrderedDict",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter",
)
MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001  # first two values of a file of the older layout


class Refused(Exception):
    """Something in the file that is not numbers in tensors."""


@dataclass(frozen=True)
class Name:
    """A class or function the file names; none is ever looked up."""

    name: str


@dataclass
class Storage:
    """Numbers in a row, whose bytes are found after the description is read."""

    key: str
    dtype: np.dtype[Any]
    size: int
    content: bytes = b""


@dataclass(frozen=True)
class Tensor:
    """A window on a storage."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self) -> np.ndarray[Any, Any]:
        """Copy the numbers out of the storage."""
        row = np.frombuffer(self.storage.content, self.storage.dtype, self.storage.size)
        last = self.offset + sum(
            (n - 1) * step for n, step in zip(self.shape, self.strides, strict=True)
        )
        count = int(np.prod(self.shape, dtype=object)) if self.shape else 1
        if count and not (0 <= self.offset <= last < len(row) and count <= len(row)):
            raise Refused("a tensor larger than what is stored of it")
        steps = [step * row.itemsize for step in self.strides]
        window = np.lib.stride_tricks.as_strided(row[self.offset :], self.shape, steps)
        return np.array(window, dtype=row.dtype.newbyteorder("="))


class Interpreter:
    """Follows the instructions of one pickle; has no way to call anything.

    ``storages`` are those that the tensors named, by key.
    """

    def __init__(self) -> None:
        self.storages: dict[str, Storage] = {}
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def run(self, stream: BinaryIO) -> Any:
        """Return the value a pickle describes; the stream then stands behind it."""
        for instruction, argument, _ in pickletools.genops(stream):
            name = instruction.name
            if name in _CONSTANTS:
                self._stack.append(_CONSTANTS[name]())
            elif name in _LITERALS:
                self._stack.append(argument)
            elif name in _STEPS:
                _STEPS[name](self, argument)
            elif name == "STOP":
                return self._stack.pop()
            elif name != "PROTO":
                raise Refused(f"the instruction {name}")
        raise Refused("no end")

    def _mark(self, _: object) -> None:
        self._marks.append(len(self._stack))

    def _from_mark(self) -> list[Any]:
        start = self._marks.pop()
        values = self._stack[start:]
        del self._stack[start:]
        return values

    def _put(self, place: int) -> None:
        self._memo[place] = self._stack[-1]

    def _get(self, place: int) -> None:
        self._stack.append(self._memo[place])

    def _tuple_of(self, count: int | None) -> None:
        if count is None:
            self._stack.append(tuple(self._from_mark()))
        else:
            self._stack[-count:] = [tuple(self._stack[-count:])]

    def _append(self, values: list[Any]) -> None:
        target = self._stack[-1]
        if not isinstance(target, list):
            raise Refused("values added to what is no list")
        target.extend(values)

    def _set_items(self, values: list[Any]) -> None:
        target = self._stack[-1]
        keys = values[::2]
        if not isinstance(target, dict) or not all(isinstance(key, str | int) for key in keys):
            raise Refused("entries that are not named")
        target.update(zip(keys, values[1::2], strict=True))

    def _pop(self, count: int) -> list[Any]:
        values = self._stack[-count:]
        del self._stack[-count:]
        return values

    def _name(self, text: str) -> None:
        if text not in (ORDERED, TENSOR, PARAMETER, *DTYPES):
            raise Refused(f"it asks for {text.replace(' ', '.')[:80]}")
        self._stack.append(Name(text))

    def _call(self, _: object) -> None:
        what, values = self._pop(2)
        if what == Name(ORDERED) and values == ():
            self._stack.append({})
        elif what == Name(TENSOR) and _numbers(values[1:2], values[2], values[3]):
            storage, offset, shape, strides = values[:4]
            if not isinstance(storage, Storage) or len(shape) != len(strides):
                raise Refused("a tensor without numbers")
            self._stack.append(Tensor(storage, offset, shape, strides))
        elif what == Name(PARAMETER) and isinstance(values[0], Tensor):
            self._stack.append(values[0])
        else:
            raise Refused("a call that makes no tensor")

    def _state(self, _: object) -> None:
        """Drop what is said of a container beside its entries: versions of layers."""
        self._stack.pop()
        if not isinstance(self._stack[-1], dict):
            raise Refused("a state of what is no container")

    def _storage(self, _: object) -> None:
        kind, dtype, key, _device, size, *more = self._stack.pop()
        known = isinstance(dtype, Name) and dtype.name in DTYPES
        if kind != "storage" or not known or not isinstance(key, str) or any(more):
            raise Refused("numbers of an unknown kind")
        if not _numbers((size,)):
            raise Refused("numbers without a count")
        new = Storage(key, np.dtype(DTYPES[dtype.name]), size)
        if self.storages.setdefault(key, new) != new:
            raise Refused("one storage with two descriptions")
        self._stack.append(self.storages[key])


def _numbers(*groups: Any) -> bool:
    return all(
        isinstance(group, tuple) and all(type(n) is int and n >= 0 for n in group)
        for group in groups
    )


_CONSTANTS: dict[str, Callable[[], Any]] = {
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
}


_LITERALS = {"BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE"}
_STEPS: dict[str, Callable[[Interpreter, Any], None]] = {
    "MARK": Interpreter._mark,
    "TUPLE": lambda self, _: self._tuple_of(None),
    "TUPLE1": lambda self, _: self._tuple_of(1),
    "TUPLE2": lambda self, _: self._tuple_of(2),
    "TUPLE3": lambda self, _: self._tuple_of(3),
    "BINPUT": Interpreter._put,
    "LONG_BINPUT": Interpreter._put,
    "BINGET": Interpreter._get,
    "LONG_BINGET": Interpreter._get,
    "APPEND": lambda self, _: self._append(self._pop(1)),
    "APPENDS": lambda self, _: self._append(self._from_mark()),
    "SETITEM": lambda self, _: self._set_items(self._pop(2)),
    "SETITEMS": lambda self, _: self._set_items(self._from_mark()),
    "GLOBAL": Interpreter._name,
    "REDUCE": Interpreter._call,
    "BUILD": Interpreter._state,
    "BINPERSID": Interpreter._storage,
}


def read_tensors(file: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Read the named tensors of a checkpoint.

    Parameters
    ----------
    file : Path
        A torch file of either layout, or a safetensors file.

    Returns
    -------
    dict of str to array
        Taken out of the container a publisher wrapped them in.

    Raises
    ------
    InputError
        If the file cannot be read or holds anything but dicts, lists and tensors of numbers.
    """
    try:
        if file.suffix == ".safetensors":
            from safetensors.numpy import load_file

            return dict(load_file(file))
        with file.open("rb") as stream:
            content = _from_zip(stream) if zipfile.is_zipfile(stream) else _from_row(stream)
        if not isinstance(content, Mapping):
            raise Refused("no named tensors")
        return {str(name): _array(name, value) for name, value in unwrap(content).items()}
    except Exception as error:  # a damaged file fails in as many ways as there are instructions
        reason = str(error) if isinstance(error, Refused) else type(error).__name__
        raise InputError(
            f"this is not a readable checkpoint ({reason}).",
            where=file,
            hint="It has to be a safetensors file or a torch file holding tensors only.",
        ) from error


def _array(name: object, value: object) -> np.ndarray[Any, Any]:
    if not isinstance(value, Tensor):
        raise Refused(f"'{str(name)[:60]}' is no tensor")
    return value.array()


def _from_zip(stream: BinaryIO) -> Any:
    """Read the zip layout: ``NAME/data.pkl`` describes, ``NAME/data/KEY`` holds a storage."""
    with zipfile.ZipFile(stream) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        found = [name for name in entries if name.count("/") == 1 and name.endswith("/data.pkl")]
        if len(found) != 1 or any(entry.compress_type for entry in entries.values()):
            raise Refused("no archive of torch")
        folder = found[0].removesuffix("/data.pkl")
        order = f"{folder}/byteorder"
        if order in entries and archive.read(order) != b"little":
            raise Refused("numbers of another byte order")
        described = Interpreter()
        content = described.run(BytesIO(archive.read(found[0])))
        for storage in described.storages.values():
            storage.content = archive.read(f"{folder}/data/{storage.key}")
        return content


def _from_row(stream: BinaryIO) -> Any:
    """Read the older layout: five pickles, then each storage as its length and its numbers."""
    stream.seek(0)
    head = [Interpreter().run(stream) for _ in range(3)]
    if head[:2] != [MAGIC, PROTOCOL]:
        raise Refused("no file of torch")
    if not isinstance(head[2], Mapping) or head[2].get("little_endian") is not True:
        raise Refused("numbers of another byte order")
    described = Interpreter()
    content, keys = described.run(stream), Interpreter().run(stream)
    for key in keys:
        storage = described.storages[key]
        if int.from_bytes(stream.read(8), "little") != storage.size:
            raise Refused("a storage of another length")
        storage.content = stream.read(storage.size * storage.dtype.itemsize)
    return content
