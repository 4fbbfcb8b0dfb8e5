"""Turn a folder of pictures into features; run again, and only new pictures are computed.

Run as ``python examples/embed_folder.py [FOLDER [STORE]]``; without a folder, on simulated shells.
"""

import sys
import tempfile
from pathlib import Path

from phylolens.embedding import View, embed

with tempfile.TemporaryDirectory() as scratch:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else scratch)
    store = Path(sys.argv[2] if len(sys.argv) > 2 else Path(scratch) / "features")
    if len(sys.argv) == 1:
        from phylolens.simulation import WorldSpec, simulate_world

        simulate_world(WorldSpec(images_per_species=2, size=96), folder)

    # The two lines that matter:
    pictures = sorted(p for p in folder.rglob("*") if p.suffix.lower() in {".jpg", ".png", ".tif"})
    result = embed([View(str(p.relative_to(folder)), p) for p in pictures], store=store)

    print(f"{len(result.features)} pictures of {result.features.matrix.shape[1]} features each")
    print(f"{result.n_computed} computed, {result.n_reused} reused, {len(result.failed)} failed")
