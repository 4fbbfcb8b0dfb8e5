"""How much faster the engine is than the loop a user would write: one picture at a time in torch.

Both run in this process, in turns, on the same pictures with the same weights; the ratio is what
counts, since seconds depend on the machine and on what else it does.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

N_PICTURES, N_ROUNDS, SIDE = 200, 3, 256


def draw_pictures(folder: Path) -> list[Path]:
    """Write JPEGs with some structure, so that decoding costs what it usually does."""
    rng = np.random.default_rng(0)
    paths = []
    for number in range(N_PICTURES):
        coarse = rng.integers(0, 256, (12, 12, 3), dtype=np.uint8)
        image = Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        paths.append(folder / f"{number}.jpg")
        image.save(paths[-1], quality=90)
    return paths


def plain_loop(paths: list[Path], network) -> np.ndarray:
    """Open, resize, normalise and run, a picture after the other."""
    import torch

    rows = []
    for path in paths:
        image = Image.open(path).convert("RGB").resize((224, 224), Image.Resampling.BICUBIC)
        planes = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None] / 127.5 - 1
        with torch.inference_mode():
            rows.append(network(planes)[0].numpy())
    return np.stack(rows)


def main() -> int:
    from phylolens.embedding import BACKBONES, DEFAULT_BACKBONE, View, embed
    from phylolens.embedding.weights import weights_on_disk

    spec = BACKBONES[DEFAULT_BACKBONE]
    weights = weights_on_disk(spec)
    try:
        from phylolens.embedding.torch_model import load_network
    except ImportError:
        weights = None
    if weights is None:
        print("skipped: needs phylolens[vision] and the bundled weights")
        return 0
    network = load_network(spec, weights).backbone
    ours, theirs, again = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        paths = draw_pictures(Path(folder))
        views = [View(path.name, path) for path in paths]
        embed(views[:2], store=Path(folder) / "warm")  # exports once, as a second run would find it
        plain_loop(paths[:2], network)
        for number in range(N_ROUNDS):
            result = embed(views, store=Path(folder) / str(number), fit="squash")
            ours.append(result.seconds)
            again.append(embed(views, store=Path(folder) / str(number), fit="squash").seconds)
            started = time.perf_counter()
            expected = plain_loop(paths, network)
            theirs.append(time.perf_counter() - started)
    cosine = (result.features.matrix * expected).sum(1)
    cosine /= np.linalg.norm(result.features.matrix, axis=1) * np.linalg.norm(expected, axis=1)
    ratio = statistics.median(slow / fast for slow, fast in zip(theirs, ours, strict=True))
    print(f"engine      {N_PICTURES / statistics.median(ours):8.1f} pictures a second")
    print(f"plain loop  {N_PICTURES / statistics.median(theirs):8.1f} pictures a second")
    print(f"from store  {N_PICTURES / statistics.median(again):8.1f} pictures a second")
    print(
        f"ratio engine / plain loop: {ratio:.2f}; lowest cosine between the two {cosine.min():.6f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
