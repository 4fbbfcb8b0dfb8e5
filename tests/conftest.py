"""What several test folders share: small files, and the trial data where it is present."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from skbio import DistanceMatrix

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the trial data: $PHYLOLENS_DATA, or ``../shared/data`` beside the checkout."""
    named = os.environ.get("PHYLOLENS_DATA")
    folder = Path(named) if named else HERE.parent.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no trial data in {folder}; set PHYLOLENS_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def reference() -> Path:
    """Folder of the values made with R."""
    return HERE / "reference"


@pytest.fixture(scope="session")
def reference_matrix(reference: Path) -> Callable[[str], DistanceMatrix]:
    """Read one of R's matrices, without the code under test."""

    def read(name: str) -> DistanceMatrix:
        table = pd.read_csv(reference / f"{name}.csv", index_col=0)
        values = table.to_numpy(dtype=float)
        return DistanceMatrix((values + values.T) / 2, [str(row) for row in table.index])

    return read


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a small file and return its path."""

    def to_file(name: str, text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode(encoding))
        return path

    return to_file


@pytest.fixture
def image(tmp_path: Path) -> Callable[..., Path]:
    """Write a noisy picture; the same seed gives the same bytes."""

    def to_file(name: str, seed: int) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 256, (48, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
        return path

    return to_file
