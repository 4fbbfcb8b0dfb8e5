import pytest

from phylolens.errors import InputError
from phylolens.paradigms.cells import BY_NAME, CELLS
from phylolens.paradigms.method import Method
from phylolens.paradigms.registry import choose_methods, registered


def names(*asked):
    return [method.name for method in choose_methods(asked)]


def test_methods_stand_in_the_order_of_the_map():
    order = [CELLS.index(method.place) for method in registered().values()]
    assert order == sorted(order)
    assert len(registered()) == len({method.name for method in registered().values()})


def test_every_method_says_what_it_is():
    for method in registered().values():
        assert method.about.endswith("."), method.name
        assert method.cell in BY_NAME
        assert (method.extra == "") == (method.packages == ()), method.name
        assert ("checkpoint" in method.needs) == bool(method.get), method.name


def test_cells_categories_and_methods_can_be_named():
    assert names("foundational/kernels") == ["rbf", "polynomial"]
    assert names("polynomial", "rbf") == ["rbf", "polynomial"]
    assert set(names("foundational/distances", "gp")) < set(names("all"))
    assert names("foundational")[:3] == ["euclidean", "manhattan", "cosine"]


def test_a_misspelt_name_gets_the_nearest():
    with pytest.raises(InputError, match="no such cell") as error:
        choose_methods(["foundational/kernel"])
    assert "Did you mean foundational/kernels?" in str(error.value)
    with pytest.raises(InputError) as error:
        choose_methods(["euclidian"])
    assert "euclidean" in str(error.value)


def test_a_method_needs_a_cell_of_the_map():
    with pytest.raises(ValueError, match="no cell"):
        Method("m", "nowhere/at-all", lambda material: None, "nothing", "Nothing.")
