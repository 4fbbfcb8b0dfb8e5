"""Named streams: the same numbers each time, others for another purpose; a Generator as a seed."""

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import phylolens as pl
from phylolens.random import STREAMS, as_seed, stream

SOURCE = Path(__file__).parent.parent / "src" / "phylolens"


def used() -> set[str]:
    """Names of streams in the source."""
    names = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "stream":
                assert isinstance(node.args[1], ast.Constant), path
                names.add(node.args[1].value)
    return names


def test_a_stream_gives_the_same_numbers_each_time() -> None:
    first, again = (stream(3, "specimens.split", 1).random(5) for _ in range(2))
    assert (first == again).all()


def test_seed_purpose_and_place_give_other_numbers() -> None:
    base = stream(3, "stats.specimens").random()
    assert base != stream(4, "stats.specimens").random()
    assert base != stream(3, "stats.trees.quartets").random()
    assert base != stream(3, "stats.specimens", 1).random()


def test_an_unknown_stream_is_refused() -> None:
    with pytest.raises(KeyError):
        stream(0, "no.such.stream")


def test_the_table_names_the_streams_that_are_used() -> None:
    assert used() == set(STREAMS)


def test_nobody_builds_a_generator_from_bare_numbers() -> None:
    others = [path for path in SOURCE.rglob("*.py") if path.name != "random.py"]
    code = {path: ast.parse(path.read_text(encoding="utf-8")) for path in others}
    calls = [
        path
        for path, tree in code.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "default_rng"
    ]
    assert calls == []


def test_a_generator_is_a_seed() -> None:
    assert as_seed(np.int64(5)) == 5
    rng = np.random.default_rng(0)
    assert as_seed(rng) != as_seed(rng)


@pytest.mark.parametrize("test", [pl.mantel, pl.protest, pl.distance_correlation, pl.kmult])
def test_tests_take_a_generator(test: object) -> None:
    names = list("abcdefghij")
    places = np.random.default_rng(1).normal(size=(10, 3))
    visual = pd.DataFrame(np.linalg.norm(places[:, None] - places[None], axis=2), names, names)
    genetic = "(((a:1,b:1):1,(c:1,d:2):1):1,((e:2,f:1):1,(g:1,(h:1,(i:1,j:2):1):1):1):2);"
    found = [
        test(visual, genetic, permutations=99, seed=np.random.default_rng(s))  # type: ignore[operator]
        for s in (5, 5, 6)
    ]
    found = [getattr(one, "test", one) for one in found]  # PROTEST holds its test
    assert found[0] == found[1]
    assert found[0].seed != found[2].seed
