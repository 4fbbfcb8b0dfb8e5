"""A results folder from somebody else shows no image from outside it."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from phylolens.report.own_results import allowed, is_own, sign
from phylolens.report.results import Results
from phylolens.report.thumbnails import Album


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setenv("PHYLOLENS_CACHE", str(tmp_path / "cache"))
    folder, private = tmp_path / "results", tmp_path / "private"
    rng = np.random.default_rng(0)
    for path in (folder / "inside.png", private / "secret.png"):
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (30, 40, 3), dtype=np.uint8)).save(path)
    (folder / "link.png").symlink_to(private / "secret.png")
    (folder / "check.json").write_text('{"specimens": {"ranks": ["family"]}}')
    paths = {
        "inside": "inside.png",
        "absolute": str(private / "secret.png"),
        "up": "../private/secret.png",
        "link": "link.png",
        "system": "/etc/passwd",
    }
    table = pd.DataFrame({"file": paths.keys(), "path": paths.values(), "family": "F"})
    table.assign(specimen_id=table["file"]).to_parquet(folder / "specimens.parquet")
    return folder


def shown(folder, *roots):
    album = Album(Results(folder, roots))
    return {name for name in ("inside", "absolute", "up", "link", "system") if album.get(name)}


def test_a_stranger_shows_nothing_from_outside(results):
    assert shown(results) == {"inside"}
    assert shown(results, results.parent / "private") == {"inside", "absolute", "up", "link"}


def test_own_results_show_their_images_until_the_table_is_changed(results):
    sign(results / "specimens.parquet")
    assert is_own(results / "specimens.parquet")
    assert shown(results) == {"inside", "absolute", "up", "link"}
    table = pd.read_parquet(results / "specimens.parquet")
    table.assign(family="G").to_parquet(results / "specimens.parquet")
    assert shown(results) == {"inside"}


def test_another_users_signature_does_not_count(results, monkeypatch, tmp_path):
    sign(results / "specimens.parquet")
    monkeypatch.setenv("PHYLOLENS_CACHE", str(tmp_path / "other"))
    assert not is_own(results / "specimens.parquet")
    sign(results / "specimens.parquet")
    assert is_own(results / "specimens.parquet")


def test_below_is_after_links(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "ab").mkdir()
    assert allowed(tmp_path / "a" / "x.png", [tmp_path / "a"])
    assert not allowed(tmp_path / "ab" / "x.png", [tmp_path / "a"])
    assert not allowed(tmp_path / "a" / ".." / "ab" / "x.png", [tmp_path / "a"])
