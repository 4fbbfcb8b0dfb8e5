"""Matches that a user confirmed are read from any table; contradictions are refused."""

import pytest

from phylolens.errors import InputError
from phylolens.phylogeny.suggestions import read_matches


def test_rows_with_a_candidate_count(write):
    text = "name;candidate;why\nFelis_cattus;Felis catus;x\nUrsus;;y\nFelis_cattus;Felis catus;z\n"
    assert read_matches(write("matches.csv", text)) == {"Felis_cattus": "Felis catus"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,taxon\na,b\n", "'candidate'"),
        ("name,candidate\na,b\na,c\n", r"two candidates.*'row 3'"),
        ("name,candidate\n,b\n", "'row 2'"),
    ],
)
def test_what_contradicts_is_refused(write, text, message):
    with pytest.raises(InputError, match=message):
        read_matches(write("matches.csv", text))
