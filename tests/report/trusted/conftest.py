"""A results directory with all that a trusted classification writes, its numbers consistent.

Features are drawn on a taxonomy, nearest class means classify them, and every figure is worked out
from those answers by short loops of its own.
"""

import importlib.util
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parent


def beside(name: str) -> ModuleType:
    """Load a file of this folder as ``trusted_<name>``; test folders are no packages."""
    spec = importlib.util.spec_from_file_location(f"trusted_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


world, _, _, results = (beside(name) for name in ("world", "judged", "scored", "results"))


@pytest.fixture(scope="session")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One such directory that no test changes, without its images."""
    out = tmp_path_factory.mktemp("trusted")
    results.write_results(out, world.draw_world(seed=3))
    return out


@pytest.fixture(scope="session")
def make_trusted(trusted: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Copy it, with images if asked for."""

    def make(*, pictures: bool = False) -> Path:
        out = tmp_path_factory.mktemp("copies") / "trusted"
        shutil.copytree(trusted, out)
        if pictures:
            results.draw_pictures(out)
        return out

    return make
