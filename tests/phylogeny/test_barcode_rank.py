"""Barcodes averaged between taxa, against a double loop over sequences."""

import numpy as np
import pandas as pd
import pytest

from phylolens.errors import InputError
from phylolens.phylogeny.barcode_rank import barcodes_at_rank

RANKS = ("family", "species")
SPECIES = {
    "Arca noae": "Arcidae",
    "Arca imbricata": "Arcidae",
    "Venus casina": "Veneridae",
    "Mya arenaria": "Myidae",
}
HEADERS = ("S0", "B1|Arca noae", "B2|Arca imbricata", "B3|Venus casina", "B4|Mya arenaria", "S3")
FAMILIES = ("Arcidae", "Arcidae", "Arcidae", "Veneridae", "Myidae", "Myidae")


@pytest.fixture
def table() -> pd.DataFrame:
    rows = [(f"{k}.jpg", f"S{k}", family, name) for k, (name, family) in enumerate(SPECIES.items())]
    return pd.DataFrame(rows, columns=["file", "specimen_id", "family", "species"])


@pytest.fixture
def letters() -> dict[str, str]:
    rng = np.random.default_rng(3)
    root = rng.choice(list("ACGT"), 150)
    found = {}
    for header in HEADERS:
        own = root.copy()
        own[rng.choice(150, 25, replace=False)] = rng.choice(list("ACGT"), 25)
        found[header] = "".join(own)
    return found


def fasta(letters: dict[str, str]) -> str:
    return "".join(f">{header}\n{text}\n" for header, text in letters.items())


def test_means_over_the_sequences_of_two_taxa(write, table, letters):
    strange = letters | {"B9|Felis catus|COI-5P": "ACGT" * 37 + "AC"}
    path = write("coi.fasta", fasta(strange))
    found = barcodes_at_rank(path, "p", table, RANKS, "family")
    ids = found.ranked.distances.ids
    assert ids == ("Arcidae", "Myidae", "Veneridae")
    assert found.ranked.n_tips == {"Arcidae": 3, "Myidae": 2, "Veneridae": 1}
    assert found.ranked.no_taxon == ("B9|Felis catus|COI-5P",)
    for i, one in enumerate(ids):
        for j, other in enumerate(ids):
            if one == other:
                continue
            every = [
                np.mean([x != y for x, y in zip(letters[a], letters[b], strict=True)])
                for a, own in zip(HEADERS, FAMILIES, strict=True)
                for b, its in zip(HEADERS, FAMILIES, strict=True)
                if (own, its) == (one, other)
            ]
            assert found.ranked.distances[one, other] == pytest.approx(np.mean(every))
            assert found.raw[i, j] == pytest.approx(np.mean(every))
    assert found.found.n_sequences == 7
    assert found.found.n_used == 6
    assert found.found.most_of_a_taxon == 3
    assert found.found.placed_by == {"specimens of the table": 2, "names of taxa": 4}
    assert found.notes == ()


def test_what_a_reader_should_know_is_noted(write, table, letters):
    letters["S0"] = letters["S0"][:-60]
    letters["S3"] = "NN" + letters["S3"][2:]
    path = write("coi.fasta", fasta(letters))
    found = barcodes_at_rank(path, "k2p", table, RANKS, "family")
    kinds = {note.kind: note for note in found.notes}
    assert set(kinds) == {"unaligned-barcodes", "open-bases", "few-sites"}
    assert kinds["open-bases"].ids == ("S3",)
    assert "S0" in kinds["few-sites"].ids
    assert found.found.alignment == "pairwise"
    assert (found.found.shortest, found.found.longest) == (90, 150)
    edits = barcodes_at_rank(path, "levenshtein", table, RANKS, "family")
    assert "counts missing ends as edits" in edits.notes[0].message
    assert edits.found.sites is None


def test_a_saturated_sequence_of_no_taxon_here_is_no_fault(write, table, letters):
    flipped = letters["S0"].translate(str.maketrans("ACGT", "CATG"))
    path = write("coi.fasta", fasta(letters | {"B9|Felis catus": flipped}))
    assert barcodes_at_rank(path, "jc69", table, RANKS, "family").found.n_taxa == 3
    path = write("coi.fasta", fasta(letters | {"B9|Mya arenaria": flipped}))
    with pytest.raises(InputError, match="JC69 has no value"):
        barcodes_at_rank(path, "jc69", table, RANKS, "family")


def test_too_few_taxa_and_equal_sequences(write, table, letters):
    two = {header: letters[header] for header in HEADERS[:4]}
    with pytest.raises(InputError, match="only 2 taxa of rank family") as stop:
        barcodes_at_rank(write("coi.fasta", fasta(two)), "p", table, RANKS, "family")
    assert stop.value.ids == ("Arcidae", "Veneridae")
    same = dict.fromkeys(HEADERS, letters["S0"])
    with pytest.raises(InputError, match="all barcodes are equal"):
        barcodes_at_rank(write("coi.fasta", fasta(same)), "p", table, RANKS, "family")
