"""Simulate a small world and paste its pictures into one sheet, a row a family.

Run as ``python examples/contact_sheet.py [SHEET.png]``.
"""

import sys
import tempfile
from pathlib import Path

from PIL import Image

from phylolens.simulation import WorldSpec, simulate_world

SIDE = 112  # pixels of a picture in the sheet
COLUMNS = 10


def contact_sheet(folder: Path, spec: WorldSpec) -> Image.Image:
    """Return the first pictures of every family of a world simulated into ``folder``."""
    meta = simulate_world(spec, folder).meta
    families = list(meta.groupby("family", sort=False))
    sheet = Image.new("RGB", (COLUMNS * SIDE, len(families) * SIDE))
    for row, (_, pictures) in enumerate(families):
        # Evenly through the family, so that all its species show.
        places = [round(n * (len(pictures) - 1) / (COLUMNS - 1)) for n in range(COLUMNS)]
        for column, place in enumerate(places[: len(pictures)]):
            with Image.open(folder / pictures["file"].iloc[place]) as image:
                sheet.paste(image.resize((SIDE, SIDE)), (column * SIDE, row * SIDE))
    return sheet


def main(target: str = "contact_sheet.png") -> None:
    """Write the sheet of a world with 6 families to ``target``."""
    spec = WorldSpec(
        n_families=6, n_genera=8, n_species=10, images_per_species=6, size=SIDE, seed=3
    )
    with tempfile.TemporaryDirectory() as folder:
        sheet = contact_sheet(Path(folder), spec)
    sheet.save(target)
    print(f"{target}: {sheet.width} x {sheet.height} pixels")


if __name__ == "__main__":
    main(*sys.argv[1:])
