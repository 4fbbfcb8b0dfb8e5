"""Continuous characters, read back as other programs would."""

import numpy as np
import pandas as pd
import pytest

from phylolens.errors import InputError
from phylolens.placement.characters import safe_names, write_nexus_characters, write_trait_table


@pytest.fixture
def means() -> pd.DataFrame:
    values = np.array([[0.5, -1e-7], [2.25, 1e6], [0.1 + 0.2, 3.0]])
    taxa = ["Arca zebra", "Venus (Ventricola) rigida", "Møllerella's"]
    return pd.DataFrame(values, taxa, ["axis1", "axis2"])


def test_nexus(means, tmp_path):
    write_nexus_characters(tmp_path / "c.nex", means)
    lines = (tmp_path / "c.nex").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "#NEXUS"
    assert "  DIMENSIONS NTAX=3 NCHAR=2;" in lines
    assert any("DATATYPE=CONTINUOUS" in line for line in lines)
    start = lines.index("  MATRIX") + 1
    rows = [line.split() for line in lines[start : lines.index("  ;")]]
    assert [row[0] for row in rows] == ["Arca_zebra", "Venus_Ventricola_rigida", "Møllerella_s"]
    values = np.array([[float(value) for value in row[1:]] for row in rows])
    assert values == pytest.approx(means.to_numpy())


def test_table(means, tmp_path):
    counts = pd.Series([3, 1, 2], index=means.index)
    write_trait_table(tmp_path / "c.tsv", means, means**2, counts)
    found = pd.read_csv(tmp_path / "c.tsv", sep="\t")
    assert list(found) == ["taxon", "axis1", "axis2", "variance_axis1", "variance_axis2",
                           "n_specimens"]  # fmt: skip
    assert found["n_specimens"].tolist() == [3, 1, 2]
    assert found["variance_axis2"].to_numpy() == pytest.approx(means["axis2"].to_numpy() ** 2)


def test_names_that_become_one():
    with pytest.raises(InputError, match="become equal") as caught:
        safe_names(["Arca zebra", "Arca_zebra", "Venus"])
    assert "Arca zebra" in str(caught.value)
