"""A small good study, and a way to call the command line as a user would."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

LINEAGES = [
    ("Arcida", "Arcidae", "Arca"),
    ("Arcida", "Noetiidae", "Noetia"),
    ("Venerida", "Veneridae", "Venus"),
    ("Venerida", "Mactridae", "Mactra"),
]
TREE = "((Arcidae:1,Noetiidae:1):1,(Veneridae:1.5,Mactridae:1.5):0.5);\n"


@dataclass
class Answer:
    """What a command gave back."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def good_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty small images of four families, a table, a tree and a matrix."""
    folder = tmp_path_factory.mktemp("good")
    rng = np.random.default_rng(0)
    rows = []
    for order, family, genus in LINEAGES:
        for number in range(5):
            file = f"images/{order}_{family}_{genus}_{number}.png"
            path = folder / file
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(rng.integers(0, 255, (24, 24, 3), dtype=np.uint8)).save(path)
            rows.append({"file": file, "order": order, "family": family, "genus": genus})
    pd.DataFrame(rows).to_csv(folder / "meta.csv", index=False)
    (folder / "tree.nwk").write_text(TREE)
    names = [family for _, family, _ in LINEAGES]
    matrix = np.array([[0, 2, 4, 4], [2, 0, 4, 4], [4, 4, 0, 3], [4, 4, 3, 0]], dtype=float)
    pd.DataFrame(matrix, names, names).to_csv(folder / "distances.csv")
    return folder


@pytest.fixture
def study(good_study: Path, tmp_path: Path) -> Path:
    """A copy of the good study that a test may spoil."""
    return Path(shutil.copytree(good_study, tmp_path / "study"))


@pytest.fixture
def phylolens(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Answer]:
    """Call ``phylolens`` in this process; anything but an exit code is a crash."""
    from phylolens.cli import main

    def call(*arguments: object) -> Answer:
        monkeypatch.setattr("sys.argv", ["phylolens", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main()
        shown = capsys.readouterr()
        return Answer(int(stop.value.code or 0), shown.out, shown.err)

    return call


@pytest.fixture(scope="session")
def guide_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty families in eight orders and four classes, whose features follow the tree."""
    folder = tmp_path_factory.mktemp("guide-world")
    rng = np.random.default_rng(1)
    orders = np.repeat(np.arange(8), [3, 2, 4, 1, 3, 2, 3, 2])
    n = len(orders)
    classes = orders // 2
    shared = 3.0 * (classes[:, None] == classes) + (orders[:, None] == orders) + np.eye(n)
    distances = 2 * (shared[0, 0] - shared)
    families = [f"Family{place:02}" for place in range(n)]
    pd.DataFrame(distances, families, families).to_csv(folder / "distances.csv")
    means = np.linalg.cholesky(shared) @ rng.standard_normal((n, 40))
    files = [f"{family}/{k}.jpg" for family in families for k in range(4)]
    matrix = np.repeat(means, 4, axis=0) + 0.3 * rng.standard_normal((4 * n, 40))
    pd.DataFrame(matrix, index=pd.Index(files, name="file")).to_csv(folder / "features.csv")
    table = pd.DataFrame({"file": files, "family": np.repeat(families, 4)})
    table["class"] = np.repeat([f"Class{c}" for c in classes], 4)
    table["order"] = np.repeat([f"Order{o}" for o in orders], 4)
    table.to_csv(folder / "meta.csv", index=False)
    return folder
