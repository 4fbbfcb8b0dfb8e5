"""Images drawn for the tests, and a cache of their own so no test sees the user's."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHYLOLENS_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Keep torch on one core: on a busy machine its threads mostly wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def draw() -> Callable[..., Image.Image]:
    """Return a painter of shell-like images: shading, ribs, background, some grain."""

    def paint(seed: int, size: tuple[int, int] = (224, 224)) -> Image.Image:
        rng = np.random.default_rng(seed)
        width, height = size
        x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
        colours = rng.uniform(40, 230, size=(2, 3))
        ribs = 0.5 + 0.5 * np.sin(np.arctan2(y + 1.2, x) * rng.integers(10, 60))
        inside = (x / rng.uniform(0.5, 0.9)) ** 2 + (y / rng.uniform(0.5, 0.9)) ** 2 < 1
        shell = colours[0] * (0.6 + 0.4 * ribs[..., None])
        pixels = np.where(inside[..., None], shell, colours[1] * (0.8 + 0.2 * y[..., None]))
        pixels += rng.normal(0, 6, pixels.shape)
        image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
        left, top = int(width * 0.4), int(height * 0.3)
        ImageDraw.Draw(image).ellipse([left, top, left + 20, top + 12], fill=(20, 20, 20))
        return image

    return paint


@pytest.fixture
def shells(tmp_path: Path, draw: Callable[..., Image.Image]) -> list[Path]:
    """Write six images of different sizes."""
    paths = []
    for number, size in enumerate(
        [(224, 224), (300, 200), (120, 260), (500, 400)] + [(90, 90)] * 2
    ):
        path = tmp_path / "shells" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        draw(number, size).save(path)
        paths.append(path)
    return paths


@pytest.fixture(scope="session")
def birds() -> Path:
    """Return the folder of bird photographs, named by PHYLOLENS_DATA or beside the checkout."""
    beside = Path(__file__).parents[2].parent / "shared" / "data"
    folder = Path(os.environ.get("PHYLOLENS_DATA", beside)) / "birds525" / "images"
    if not folder.is_dir():
        pytest.skip("no trial data: set PHYLOLENS_DATA to its folder")
    return folder
