"""jplace, read back by a strict parser of its own."""

import json
import re

import numpy as np
import pytest
from skbio import TreeNode

from phylolens.errors import InputError
from phylolens.placement.branches import Branches
from phylolens.placement.jplace import BranchShare, read_jplace, write_jplace

TREE = "(('Arca zebra':1,\"Ark's (shell)\":0)ab:2,('Müller æ':1,d_e:1,f:1):2);"


def tokens(text: str) -> list[str]:
    """Newick with edge numbers: quoted names, punctuation, words."""
    pattern = r"'(?:[^']|'')*'|[(),:;{}]|[^\s(),:;{}']+"
    found = re.findall(pattern, text)
    assert "".join(found) == text.replace(" ", "") or "'" in text
    return found


def parse(text: str) -> dict[int, tuple[frozenset[str], float]]:
    """Tips below, and length of, each numbered edge; nothing but the grammar is accepted."""
    stream, edges = tokens(text), {}

    def node() -> frozenset[str]:
        below: frozenset[str] = frozenset()
        if stream[0] == "(":
            stream.pop(0)
            below |= node()
            while stream[0] == ",":
                stream.pop(0)
                below |= node()
            assert stream.pop(0) == ")"
        if stream[0] not in "(),:;{}":
            name = stream.pop(0)
            name = name[1:-1].replace("''", "'") if name.startswith("'") else name
            below = below or frozenset([name])
        length = None
        if stream[0] == ":":
            stream.pop(0)
            length = float(stream.pop(0))
        if stream[0] == "{":
            stream.pop(0)
            number = int(stream.pop(0))
            assert stream.pop(0) == "}"
            assert number not in edges
            assert length is not None
            edges[number] = (below, length)
        return below

    node()
    assert stream == [";"]
    return edges


@pytest.fixture
def branches() -> Branches:
    tree = TreeNode.read([TREE.replace('"', "'").replace("'Ark's", "'Ark''s")],
                         convert_underscores=False)  # fmt: skip
    return Branches.of(tree)


def shares_of(branches: Branches) -> list[BranchShare]:
    shares = np.array([0.6, 0.3, 0.09995, 0.00005])
    return [
        BranchShare(place, float(np.log(share)), float(share), 0.0, 0.5)
        for place, share in enumerate(shares)
    ]


def test_a_strict_parser_reads_it(branches, tmp_path):
    path = tmp_path / "p.jplace"
    write_jplace(path, branches, {"unknown 1": shares_of(branches)}, invocation="phylolens place")
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["version"] == 3
    assert set(content) == {"tree", "placements", "metadata", "version", "fields"}
    edges = parse(content["tree"])
    assert sorted(edges) == list(range(len(branches)))
    for number, (below, length) in edges.items():
        assert below == set(branches.taxa[slice(*branches.spans[number])])
        assert length == pytest.approx(branches.lengths[number])
    (only,) = content["placements"]
    assert only["n"] == ["unknown 1"]
    rows = [dict(zip(content["fields"], row, strict=True)) for row in only["p"]]
    assert [row["edge_num"] for row in rows] == [0, 1, 2], "what is hardly likely is left out"
    assert rows[0]["like_weight_ratio"] == 0.6


def test_it_is_read_back(branches, tmp_path):
    path = tmp_path / "p.jplace"
    given = {"b": shares_of(branches)[:2], "a": shares_of(branches)[:1]}
    write_jplace(path, branches, given, invocation="x")
    tree, found = read_jplace(path)
    assert list(found) == ["a", "b"]
    assert found["b"][0].share == 0.6
    assert parse(tree)
    again = tmp_path / "again.jplace"
    write_jplace(again, branches, given, invocation="x")
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 2}, "version 3"),
        ({"fields": ["edge_num"]}, "without these fields"),
        ({"placements": [{"p": [[99, 0, 1, 0, 0]], "n": ["u"]}]}, "no edge"),
        ({"placements": [{"p": [[0, 0, 0.9, 0, 0], [1, 0, 0.9, 0, 0]], "n": ["u"]}]}, "add up"),
        ({"placements": [{"p": [[0, 0, 0.9, 7, 0]], "n": ["u"]}]}, "no point of edge"),
        ({"placements": [{"p": [[0, 0, 1.7, 0, 0]], "n": ["u"]}]}, "no point of edge"),
    ],
)
def test_unsound_files_are_refused(branches, tmp_path, change, words):
    path = tmp_path / "p.jplace"
    write_jplace(path, branches, {"u": shares_of(branches)[:1]}, invocation="x")
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=words):
        read_jplace(path)


def test_a_file_that_is_no_json(tmp_path):
    path = tmp_path / "p.jplace"
    path.write_text("(a,b);")
    with pytest.raises(InputError, match="not a JSON file"):
        read_jplace(path)
    with pytest.raises(InputError, match="no such file"):
        read_jplace(tmp_path / "other.jplace")
