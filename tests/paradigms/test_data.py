import numpy as np
import pandas as pd

from phylolens.paradigms.data import QUICK_FOLDS, _new_species


def test_folds_hold_whole_clades(related):
    data, _ = related
    assert len(np.unique(data.folds)) == QUICK_FOLDS
    for clade in np.unique(data.clades.groups):
        assert len(np.unique(data.folds[data.clades.groups == clade])) == 1


def test_species_held_out_leave_their_class_something_to_learn_from(related):
    data, _ = related
    new = data.new_species
    assert (new.unit, new.target) == ("species", "genus")
    species = data.labels["species"].to_numpy()
    assert not set(species[new.test]) & set(species[~new.test])
    assert set(new.classes[new.test]) <= set(new.classes[~new.test])
    assert 0.1 < new.test.mean() < 0.5


def labels(**columns):
    frame = pd.DataFrame(columns)
    frame.insert(0, "specimen_id", [f"s{row}" for row in range(len(frame))])
    return frame


def test_taxa_of_the_finest_rank_are_sorted_into_the_next_coarser_one():
    given = labels(family=list("AAAABBBB"), species=["a", "a", "b", "b", "c", "c", "d", "d"])
    lineage = given.drop_duplicates("species").set_index("species", drop=False)
    new = _new_species(given, lineage[["family", "species"]], 0)
    assert (new.unit, new.target) == ("species", "family")
    assert new.test.sum() == 4


def test_nothing_is_held_out_where_no_class_has_two_species():
    given = labels(family=list("AABB"), species=["a", "a", "b", "b"])
    lineage = given.drop_duplicates("species").set_index("species", drop=False)
    assert _new_species(given, lineage[["family", "species"]], 0) is None
    assert _new_species(given, lineage[["species"]], 0) is None
