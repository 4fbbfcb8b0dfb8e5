"""The published layout in file names, folders and a table gives the same labels, to the row."""

import pandas as pd
import pytest

from phylolens.specimens import read_specimens

RANKS = ("subclass", "order", "family", "genus", "species")
ROWS = [
    ("Pteriomorphia", "Arcida", "Arcidae", "Arca", "noae"),
    ("Pteriomorphia", "Arcida", "NA", "Arca", "zebra"),
    ("Imparidentia", "Venerida", "Veneridae", "Ruditapes", "novae_zelandiae"),
    ("Imparidentia", "Venerida", "Veneridae", "Ruditapes", "novae_caledoniae"),
    ("Imparidentia", "Venerida", "Veneridae", "Protothaca", "unknown"),
    ("Pteriomorphia", "Mytilida", "Mytilidae", "Perna", "perna"),
    ("Pteriomorphia", "Mytilida", "incertae sedis", "Mytilus", "sp."),
]
NAMES = [f"{'_'.join(row)}_{number}.jpg" for number, row in enumerate(ROWS)]
PATTERN = "{subclass}_{order}_{family}_{genus}_{species*}_{n}"


def by_number(found):
    assert found.ranks == RANKS
    numbers = found.table["file"].str.extract(r"(\d+)\.jpg$")[0].astype(int)
    labels = found.table[list(RANKS)].where(found.table[list(RANKS)].notna(), None)
    return labels.set_axis(numbers).sort_index().to_numpy().tolist()


@pytest.fixture
def layouts(tmp_path):
    def touch(*parts):
        path = tmp_path.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")

    for number, (row, name) in enumerate(zip(ROWS, NAMES, strict=True)):
        touch("names", name)
        touch("folders", *row, f"{number}.jpg")
        touch("paths", row[0], row[1], "_".join(row[2:]) + f"_{number}.jpg")
    table = pd.DataFrame(ROWS, columns=RANKS).assign(file=NAMES)
    table.to_csv(tmp_path / "meta.csv", index=False)
    table.to_parquet(tmp_path / "meta.parquet")
    table.to_excel(tmp_path / "meta.xlsx", index=False)
    paths = "{subclass}/{order}/{family}_{genus}_{species*}_{n}"
    return {
        "names": read_specimens(images=tmp_path / "names", pattern=PATTERN),
        "paths": read_specimens(images=tmp_path / "paths", pattern=paths),
        "folders": read_specimens(images=tmp_path / "folders", ranks=RANKS),
        **{
            f"meta.{ending}": read_specimens(meta=tmp_path / f"meta.{ending}")
            for ending in ("csv", "parquet", "xlsx")
        },
    }


def test_all_layouts_give_the_same_labels(layouts):
    wanted = by_number(layouts["meta.csv"])
    assert wanted[1] == ["Pteriomorphia", "Arcida", None, "Arca", "Arca zebra"]
    assert wanted[2][-1] == "Ruditapes novae zelandiae"
    assert wanted[4][-1] is None
    assert wanted[6][2:] == [None, "Mytilus", None]
    for name, found in layouts.items():
        assert by_number(found) == wanted, name


def test_without_a_star_two_word_epithets_are_mismatches_never_wrong(tmp_path):
    for name in NAMES:
        (tmp_path / name).write_text("x")
    found = read_specimens(images=tmp_path, pattern=PATTERN.replace("*", ""))
    (wrong,) = [problem for problem in found.problems if problem.kind == "pattern-mismatch"]
    assert wrong.ids == tuple(sorted(name for name in NAMES if "novae" in name))
    read = found.table["species"].dropna()
    assert not read.str.contains("novae").any()
