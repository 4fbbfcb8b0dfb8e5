"""Messages name the place, the ids and the way out."""

from phylolens.errors import SHOWN_IDS, InputError, Problem, some


def test_some_counts_what_it_hides():
    assert some(["a", "b"]) == "'a', 'b'"
    assert some(range(12), limit=2) == "'0', '1' and 10 more"
    assert some([]) == ""


def test_exactly_the_limit_hides_nothing():
    assert "more" not in some(range(SHOWN_IDS))
    assert some(range(SHOWN_IDS + 1)).endswith("and 1 more")


def test_input_error_holds_all_parts():
    error = InputError("too few taxa.", where="tree.nwk", ids=["x", "y"], hint="Add taxa.")
    assert str(error) == "tree.nwk: too few taxa. Concerned (2): 'x', 'y'. Add taxa."
    assert (error.where, error.ids, error.hint) == ("tree.nwk", ("x", "y"), "Add taxa.")


def test_input_error_leaves_out_what_is_absent():
    assert str(InputError("no.")) == "no."


def test_input_error_is_a_value_error():
    assert issubclass(InputError, ValueError)


def test_problem_counts_all_ids():
    problem = Problem("missing-file", "error", "gone", tuple("abcdefgh"))
    written = problem.to_dict()
    assert written["count"] == 8
    assert written["ids"] == list("abcdefgh")
    assert (written["kind"], written["severity"]) == ("missing-file", "error")
