"""Follow the pickle by which torch describes tensors, without running anything.

A pickle can call any function there is. Here :func:`pickletools.genops` splits it into its
instructions, which executes none of them, and the interpreter below follows those that dicts,
lists and tensors of numbers need. Whatever else a file asks for is refused.
"""

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

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
