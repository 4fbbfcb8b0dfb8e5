"""Ranks are found, lineages settled, conflicts named, steps counted."""

import numpy as np
import pandas as pd
import pytest

from phylolens.errors import InputError
from phylolens.taxonomy import (
    STANDARD_RANKS,
    find_ranks,
    lineages,
    nested_columns,
    nesting_problems,
    require_rank,
    taxonomic_steps,
    two_parents,
)

TABLE = pd.DataFrame(
    {
        "order": ["O1", "O1", "O2", "O2", None, "O1"],
        "family": ["F1", "F1", "F2", "F3", "F4", None],
        "genus": ["G1", "G2", "G3", "G4", "G5", "G6"],
    }
)


def test_standard_ranks_run_coarse_to_fine():
    order = ["domain", "kingdom", "phylum", "class", "subclass", "superorder", "order"]
    order += ["superfamily", "family", "subfamily", "tribe", "genus", "subgenus", "species", "form"]
    places = [STANDARD_RANKS.index(rank) for rank in order]
    assert places == sorted(places)
    assert len(set(STANDARD_RANKS)) == len(STANDARD_RANKS)


def test_ranks_are_known_by_name_whatever_their_order_and_case():
    table = pd.DataFrame(columns=["species", "Note", "Family", "class"])
    assert find_ranks(table, list(table.columns)) == (("class", "Family", "species"), [])
    nested = pd.DataFrame({"coarse": list("xxyy"), "fine": list("abcd")})
    assert find_ranks(nested, ["coarse", "fine"]) == ((), []), "nesting alone is never a rank"


AMBIGUOUS_TABLE = pd.DataFrame(
    {
        "realm": ["Palearctic", "Palearctic", "Nearctic", "Nearctic"] * 2,
        "division": ["A", "A", "B", "B"] * 2,
        "order": ["o1", "o1", "o2", "o3"] * 2,
        "genus": ["g1", "g2", "g3", "g4"] * 2,
        "section": ["s", "t", "s", "t"] * 2,
        "species": [f"sp{number}" for number in range(8)],
        "form": ["tree", "shrub"] * 4,
    }
)


def test_words_with_another_meaning_count_only_where_they_nest():
    found, left_out = find_ranks(AMBIGUOUS_TABLE, list(AMBIGUOUS_TABLE.columns))
    assert found == ("division", "order", "genus", "species")
    assert sorted(left_out) == ["form", "realm", "section"]
    series = AMBIGUOUS_TABLE.assign(series=["x1", "x2", "x3", "x4"] * 2)[
        ["genus", "series", "species"]
    ]
    series["species"] = [f"{a}{b}" for a, b in zip(series["series"], "aabbccdd", strict=True)]
    series["genus"] = ["g1", "g1", "g2", "g2"] * 2
    assert find_ranks(series, list(series.columns)) == (("genus", "series", "species"), [])


def test_nesting_columns_are_a_suggestion():
    table = pd.DataFrame(
        {"fein": list("abcd") * 2, "grob": list("xxyy") * 2, "quer": list("mnnm") * 2}
    )
    assert nested_columns(table, ["fein", "grob", "quer"]) == ("grob", "fein")
    table = pd.DataFrame({"id": list("abcd"), "grob": list("xxyy")})
    assert nested_columns(table, ["id", "grob"]) == ("grob",)


def test_two_parents_puts_the_most_frequent_first():
    table = pd.DataFrame({"family": list("AABBBC"), "genus": list("gggggh")})
    found = two_parents(table, "family", "genus")
    assert found.to_dict("list") == {"fine": ["g", "g"], "coarse": ["B", "A"], "n": [3, 2]}


def test_unknown_parents_are_no_conflict():
    assert two_parents(TABLE, "order", "family").empty
    assert nesting_problems(TABLE, ("order", "family", "genus")) == []


def test_genus_under_two_families_is_named():
    table = pd.DataFrame({"family": ["A", "B", "A"], "genus": ["g", "g", "h"]})
    (problem,) = nesting_problems(table, ("family", "genus"))
    assert (problem.kind, problem.severity, problem.ids) == ("two-parents", "error", ("g",))
    assert "A (1 rows)" in problem.message


def test_conflict_is_seen_across_an_unknown_rank():
    table = pd.DataFrame({"order": ["A", "B"], "family": [None, None], "genus": ["g", "g"]})
    (problem,) = nesting_problems(table, ("order", "family", "genus"))
    assert problem.ids == ("g",)
    assert "order" in problem.message


def test_one_conflict_is_reported_once():
    table = pd.DataFrame(
        {"order": ["A", "B"], "family": ["F", "F"], "genus": ["g", "g"], "species": ["s", "s"]}
    )
    problems = nesting_problems(table, ("order", "family", "genus", "species"))
    assert [problem.ids for problem in problems] == [("F",)]


def test_lineages_take_the_most_frequent_parent_and_keep_unknown():
    table = pd.concat([TABLE, pd.DataFrame({"order": ["O9"], "family": ["F1"], "genus": ["G1"]})])
    found = lineages(table, ("order", "family", "genus"), "family")
    assert list(found.columns) == ["order", "family"]
    assert found["order"].fillna("?").to_dict() == {"F1": "O1", "F2": "O2", "F3": "O2", "F4": "?"}


def test_lineages_of_an_unknown_rank_are_refused():
    with pytest.raises(InputError, match="order, family, genus"):
        lineages(TABLE, ("order", "family", "genus"), "tribe")
    require_rank(("order",), "order")


def naive_steps(lineage: pd.DataFrame) -> np.ndarray:
    rows = lineage.to_numpy(dtype=object)
    steps = np.zeros((len(rows), len(rows)))
    for i, one in enumerate(rows):
        for j, other in enumerate(rows):
            if i == j:
                continue
            steps[i, j] = 1
            for a, b in zip(one[:-1], other[:-1], strict=True):
                if pd.isna(a) or pd.isna(b) or a != b:
                    steps[i, j] += 1
    return steps


def test_steps_equal_a_naive_loop():
    lineage = pd.DataFrame(
        {
            "class": ["C", "C", "C", None, None, "D"],
            "order": ["O", "O", "P", "Q", "Q", "R"],
            "family": list("abcdef"),
        }
    )
    np.testing.assert_array_equal(taxonomic_steps(lineage), naive_steps(lineage))
    assert taxonomic_steps(lineage)[0].tolist() == [0, 1, 2, 3, 3, 3]
    assert taxonomic_steps(lineage)[3, 4] == 2  # the unknown class is shared with no one
