"""Tables of specimens: CSV, TSV, Excel, parquet, JSON lines; from bytes to classes."""

import io
import json
from pathlib import Path

import pandas as pd

from phylolens.specimens import read_specimens, validate

ROWS = [
    ("im0.jpg", "Carnivora", "Felidae", "Felis", "Felis catus", "s1", "1,5"),
    ("im1.jpg", "Carnivora", "Felidae", "Puma", "concolor", "s2", "2"),
    ("im2.jpg", "Carnivora", "Canidae", "Canis", "Canis cf. lupus", "s3", '"x"'),
    ("im3.jpg", "Rodentia", "Incertae sedis", "Mus", "Mus musculus L.", "s3", ""),
    ("im4.jpg", "Rodentia", "Muridae", "Mus", "mus_musculus", "s4", "a\nb"),
]
HEADER = ["file", "dwc:order", "Family1", "genus", "scientificName", "specimen_id", "note"]


def samples(folder: Path) -> dict[str, list[bytes]]:
    """Sound tables."""
    frame = pd.DataFrame(ROWS, columns=HEADER)
    stored, book = io.BytesIO(), io.BytesIO()
    frame.to_parquet(stored)
    frame.to_excel(book, index=False)
    lines = "\n".join(json.dumps(row) for row in frame.to_dict("records"))
    return {
        ".csv": [frame.to_csv(index=False).encode(), frame.to_csv(sep=";").encode()],
        ".tsv": [frame.to_csv(index=False, sep="\t", quoting=1).encode()],
        ".xlsx": [book.getvalue()],
        ".parquet": [stored.getvalue()],
        ".jsonl": [lines.encode()],
    }


def attempt(path: Path) -> None:
    """Read a table and clean its labels."""
    validate(read_specimens(meta=path, need_files=False), look=False)
