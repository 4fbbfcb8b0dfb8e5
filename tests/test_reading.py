"""Every file a user gives is opened through one gate, and every failure is one message."""

import errno
import os
import zipfile

import pytest

from phylolens.errors import InputError
from phylolens.reading.text import clear_errors, read_text, require_regular, system_fault


def test_text_in_any_usual_encoding_is_the_same(tmp_path):
    wanted = "name\tlänge\nIsoëtes\t1\n"
    for number, encoding in enumerate(("utf-8", "utf-8-sig", "utf-16", "utf-16")):
        path = tmp_path / f"{number}.txt"
        path.write_bytes(wanted.replace("\n", "\r\n").encode(encoding))
        assert read_text(path) == wanted
    old_mac = tmp_path / "old_mac.txt"
    old_mac.write_bytes(wanted.replace("\n", "\r").encode())
    assert read_text(old_mac) == wanted


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"a,b\nf\xfcr,1\n", "line 2"),
        (b"a,b\n\0,1\n", "NUL"),
        (b"\xff\xfea", "not UTF-8"),
        (b"PK\x03\x04rest", "an Excel workbook"),
        (b"\x1f\x8b\x08", "gzip"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path, content, problem):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=problem):
        read_text(path)


def test_pipes_devices_folders_and_circular_links_are_not_opened(tmp_path):
    pipe, circle, nowhere = tmp_path / "pipe", tmp_path / "circle", tmp_path / "nowhere"
    os.mkfifo(pipe)
    circle.symlink_to(circle)
    nowhere.symlink_to(tmp_path / "absent")
    for path, problem in (
        (pipe, "pipe"),
        (circle, "leads back to itself"),
        (nowhere, "link leads to a file that is not there"),
        (tmp_path, "a folder"),
        (tmp_path / "absent", "no such file"),
        (tmp_path / ("x" * 300), "too long"),
        (tmp_path / "a\0b", "not a file name"),
    ):
        with pytest.raises(InputError, match=problem):
            require_regular(path)
    (tmp_path / "real").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    require_regular(tmp_path / "link")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "not enough memory"),
        (RecursionError(), "nested too deeply"),
        (EOFError(), "EOFError: cut short"),
        (zipfile.BadZipFile("File is not a zip file"), "not an npz file"),
        (OSError(errno.ENOSPC, "No space left"), "disk is full"),
        (OSError("libtiff says no"), "libtiff says no"),
        (ValueError("first line\nsecond line"), "first line\\)"),
    ],
)
def test_foreign_errors_become_one_message(error, said):
    with pytest.raises(InputError, match=said), clear_errors("an npz file", "emb.npz"):
        raise error


def test_messages_of_our_own_pass_unchanged():
    with pytest.raises(InputError, match=r"^as it is$"), clear_errors("a table", "x"):
        raise InputError("as it is")


def test_system_faults_say_what_to_do():
    assert "free some space" in system_fault(OSError(errno.ENOSPC, "No space left on device"))
    assert system_fault(OSError(errno.EBUSY, "Device busy")) == "device busy"
