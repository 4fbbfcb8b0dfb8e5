"""Images that pass the check and fail when they are embedded: named, or left out if asked."""

import json

import pytest

from phylolens.errors import InputError
from phylolens.pipeline.run import run
from phylolens.pipeline.settings import make_settings


@pytest.fixture
def study(tmp_path, image):
    rows = ["file,family"]
    for seed in range(4):
        image(f"photos/{seed}.png", seed)
        rows.append(f"{seed}.png,{'AB'[seed % 2]}")
    (tmp_path / "meta.csv").write_text("\n".join(rows))

    def make(**more):
        files = {"images": tmp_path / "photos", "meta": tmp_path / "meta.csv"}
        return make_settings(files | {"out": tmp_path / "out"} | more)

    return make


@pytest.fixture
def lost(tmp_path, monkeypatch):
    """Lose a file between the check and the embedding."""
    from phylolens.pipeline import run as running

    gather = running.gather

    def gather_then_lose(*arguments):
        found = gather(*arguments)
        (tmp_path / "photos/2.png").write_bytes(b"\xff\xd8\xffdamaged meanwhile")
        return found

    monkeypatch.setattr(running, "gather", gather_then_lose)


@pytest.mark.vision
def test_it_is_named(study, lost):
    with pytest.raises(InputError, match=r"could not be embedded.*damaged.*'2\.png'.*--skip-bad"):
        run(study(), ("embed",))


@pytest.mark.vision
def test_it_is_left_out_listed_and_the_run_goes_on(study, lost, tmp_path):
    summary = run(study(skip_bad=True), ("embed",))
    assert summary["embed"]["n_images"] == 3
    assert summary["check"]["n_usable"] == 3
    told = json.loads((tmp_path / "out/check.json").read_text())
    assert told["left_out"]["images"] == ["2.png"]
    found = [p for p in told["problems"] if p["kind"] == "unreadable-image"]
    assert ["2.png"] in [p["ids"] for p in found]
