"""Read the named tensors of a torch checkpoint as arrays, without torch.

Both layouts are read: the zip archive that torch writes since 1.6, and the older one, where the
storages follow the description of the tensors.
"""

import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from phylolens.embedding.key_formats import unwrap
from phylolens.embedding.tensor_pickle import Interpreter, Refused, Tensor
from phylolens.errors import InputError

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001  # first two values of a file of the older layout


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
