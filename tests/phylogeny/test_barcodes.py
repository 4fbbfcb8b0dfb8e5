"""FASTA files as people have them, and one clear message for each that cannot be used."""

import pytest

from phylolens.errors import InputError
from phylolens.phylogeny import read_barcodes
from phylolens.phylogeny.barcodes import is_aligned, with_ambiguous_bases


def test_headers_and_letters_are_read(write):
    first = "\ufeff>B1|Arca noae|COI-5P\r\nacgt\r\nAC-?\r\n\r\n"
    text = f"{first}>MN1.1 Mya arenaria  voucher 7\r\nACGTNA\r\n"
    found = read_barcodes(write("coi.fasta", text))
    assert {name: str(one) for name, one in found.items()} == {
        "B1|Arca noae|COI-5P": "ACGTAC-N",
        "MN1.1 Mya arenaria  voucher 7": "ACGTNA",
    }
    assert not is_aligned(found)
    assert with_ambiguous_bases(found) == list(found)


@pytest.mark.parametrize(
    ("text", "words", "ids"),
    [
        ("", "the file is empty", ()),
        ("  \n\n", "the file is empty", ()),
        ("((a:1,b:1):1,c:2);", "begins with '>'", ()),
        (">a\nACGT\n>b\n\n>c\nAC\n", "without any letter", ("b",)),
        (">a\nACGT\n>b\n", "without any letter", ("b",)),
        (">\nACGT\n>b\nACGT\n", "1 sequences have a blank header", ()),
        (">a\nACGT\n>b\nACGA\n>a\nACGG\n", "more than once", ("a",)),
        (">a\nACGT\n>b\nMKLV\n", "none of DNA: L", ("b",)),
        (">a\nACGU\n>b\nACGT\n", "none of DNA: U", ("a",)),
        (">a\nACGT\n>b\nN--N\n", "gaps and unknown bases only", ("b",)),
        (">1|Arca|COI-5P\nACGT\n>2|Mya|16S\nACGT\n", "several markers: COI-5P (1), 16S (1)", ()),
    ],
)
def test_files_that_cannot_be_used(write, text, words, ids):
    with pytest.raises(InputError) as stop:
        read_barcodes(write("coi.fasta", text))
    assert words in stop.value.problem
    assert stop.value.ids == ids
    assert str(stop.value).startswith(stop.value.where)


def test_rna_is_told_what_to_do(write):
    with pytest.raises(InputError, match="Replace U by T"):
        read_barcodes(write("coi.fasta", ">a\nACGU\n"))


def test_packed_and_absent_files(write, tmp_path):
    with pytest.raises(InputError, match="Unpack it first"):
        read_barcodes(write("coi.fasta.gz", ">a\nACGT\n"))
    with pytest.raises(InputError, match="no such file"):
        read_barcodes(tmp_path / "none.fasta")
    with pytest.raises(InputError, match="folder"):
        read_barcodes(tmp_path)


def test_a_field_that_is_no_marker_is_no_second_marker(write):
    """A country or an accession in the last field differs between sequences of one marker."""
    text = ">1|Arca noae|COI-5P|MN001\nACGT\n>2|Mya arenaria|COI-5P|MN002\nACGA\n"
    assert len(read_barcodes(write("coi.fasta", text))) == 2
