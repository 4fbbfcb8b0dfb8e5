"""Each distance between sequences against a loop over sites, or the formula of its paper."""

import math

import numpy as np
import pytest
from skbio import DNA

from phylolens.errors import InputError
from phylolens.phylogeny import sequence_distances
from phylolens.phylogeny.sequence_pairs import MODELS, base_frequencies, edit_distances

PURINES = "AG"


def mutated(letters: str, share: float, rng: np.random.Generator, signs: str = "ACGT") -> str:
    return "".join(rng.choice(list(signs)) if rng.random() < share else one for one in letters)


@pytest.fixture(scope="module")
def aligned() -> dict[str, str]:
    """Four sequences of 120 sites with gaps and open bases; transitions are frequent."""
    rng = np.random.default_rng(5)
    root = "".join(rng.choice(list("ACGT"), 120, p=[0.3, 0.2, 0.15, 0.35]))
    swap = str.maketrans("ACGT", "GTAC")
    found = {}
    for name, share in zip("abcd", (0.03, 0.08, 0.12, 0.2), strict=True):
        turned = "".join(
            one.translate(swap) if rng.random() < share else one
            for one in mutated(root, share, rng)
        )
        found[name] = mutated(turned, 0.04, rng, "-N")
    return found


def as_dna(letters: dict[str, str]) -> dict[str, DNA]:
    return {name: DNA(text) for name, text in letters.items()}


def sites(one: str, other: str) -> list[tuple[str, str]]:
    return [(a, b) for a, b in zip(one, other, strict=True) if a in "ACGT" and b in "ACGT"]


def shares(pairs: list[tuple[str, str]]) -> tuple[float, float, float]:
    """Purine transitions, pyrimidine transitions and transversions."""
    differ = [(a, b) for a, b in pairs if a != b]
    purine = sum(a in PURINES and b in PURINES for a, b in differ)
    pyrimidine = sum(a not in PURINES and b not in PURINES for a, b in differ)
    n = len(pairs)
    return purine / n, pyrimidine / n, (len(differ) - purine - pyrimidine) / n


def naive(model: str, one: str, other: str, frequencies: dict[str, float]) -> float:
    pairs = sites(one, other)
    p1, p2, q = shares(pairs)
    p = p1 + p2 + q
    if model == "p":
        return p
    if model == "jc69":
        return -0.75 * math.log(1 - 4 * p / 3)
    if model == "k2p":
        return -0.5 * math.log((1 - 2 * (p1 + p2) - q) * math.sqrt(1 - 2 * q))
    if model == "logdet":
        joint = np.array(
            [[sum((a, b) == (x, y) for a, b in pairs) for y in "ACGT"] for x in "ACGT"]
        ) / len(pairs)
        return -math.log(np.linalg.det(joint)) / 4 - math.log(4)
    a, c, g, t = (frequencies[base] for base in "ACGT")
    r, y = a + g, c + t
    return (
        -2 * a * g / r * math.log(1 - r / (2 * a * g) * p1 - q / (2 * r))
        - 2 * c * t / y * math.log(1 - y / (2 * c * t) * p2 - q / (2 * y))
        - 2 * (r * y - a * g * y / r - c * t * r / y) * math.log(1 - q / (2 * r * y))
    )


@pytest.mark.parametrize("model", [name for name in MODELS if name != "levenshtein"])
def test_models_against_their_formulas(aligned, model):
    found = sequence_distances(as_dna(aligned), model)
    every = "".join(aligned.values())
    counts = {base: every.count(base) for base in "ACGT"}
    frequencies = {base: n / sum(counts.values()) for base, n in counts.items()}
    assert found.frequencies == pytest.approx(list(frequencies.values()))
    for one in aligned:
        for other in aligned:
            if one != other:
                wanted = naive(model, aligned[one], aligned[other], frequencies)
                assert found.distances[one, other] == pytest.approx(wanted, rel=1e-9)
                raw = naive("p", aligned[one], aligned[other], frequencies)
                assert found.raw[one, other] == pytest.approx(raw)
    ids = list(aligned)
    assert found.sites is not None
    assert found.sites[0, 1] == len(sites(aligned[ids[0]], aligned[ids[1]]))
    assert found.alignment == "given"


def edits(one: str, other: str) -> int:
    """Wagner and Fischer's table, cell by cell."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        above, row = row, [i]
        for j, b in enumerate(other, start=1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (a != b)))
    return row[-1]


def test_edit_distance_against_the_table_of_edits(aligned):
    found = sequence_distances(as_dna(aligned), "levenshtein")
    bare = {name: text.replace("-", "") for name, text in aligned.items()}
    for one in bare:
        for other in bare:
            wanted = edits(bare[one], bare[other]) / max(len(bare[one]), len(bare[other]))
            assert found.distances[one, other] == pytest.approx(wanted)
    assert edit_distances([DNA("ACGT"), DNA("AC")])[0, 1] == 0.5
    assert found.corrected_by == "k2p", "drawn against a model that corrects"


def test_different_lengths_are_aligned_pair_by_pair():
    """Sequences that lost their ends, and one base within: the sites left are compared."""
    rng = np.random.default_rng(2)
    root = "".join(rng.choice(list("ACGT"), 200))
    other = mutated(root, 0.3, rng)
    cut = {"a": root[12:], "b": other[:-9], "c": root[:90] + root[91:]}
    for model in ("p", "jc69", "k2p", "tn93", "logdet"):
        found = sequence_distances(as_dna(cut), model)
        assert found.alignment == "pairwise"
        assert found.sites is not None
        assert found.sites[0, 1] == 179
        raw = sum(a != b for a, b in zip(root[12:-9], other[12:-9], strict=True)) / 179
        assert found.raw["a", "b"] == pytest.approx(raw)
        assert found.raw["a", "c"] == 0
    jc69 = sequence_distances(as_dna(cut), "jc69").distances["a", "b"]
    assert jc69 == pytest.approx(-0.75 * math.log(1 - 4 * raw / 3))


def test_sequences_that_differ_at_half_their_sites_still_lie_upon_each_other():
    """With costs as of BLASTN they would slide apart and share a few equal bases: distance 0."""
    rng = np.random.default_rng(0)
    root = "".join(rng.choice(list("ACGT"), 300))
    far = mutated(root, 0.65, rng)[5:]
    found = sequence_distances(as_dna({"a": root, "b": far}), "p")
    raw = sum(x != y for x, y in zip(root[5:], far, strict=True)) / 295
    assert raw > 0.45
    assert found.raw["a", "b"] == pytest.approx(raw, abs=0.03)


def test_sequences_that_do_not_align_are_named():
    rng = np.random.default_rng(1)
    whole = "".join(rng.choice(list("ACGT"), 300))
    parts = {"left": whole[:160], "right": whole[140:], "whole": whole}
    with pytest.raises(InputError, match="do not align over half") as stop:
        sequence_distances(as_dna(parts), "k2p")
    assert stop.value.ids == ("left", "right")


def test_too_many_to_align(monkeypatch):
    monkeypatch.setattr("phylolens.phylogeny.sequence_pairs.MOST_ALIGNED_PAIRS", 2)
    three = as_dna({"a": "ACGT", "b": "ACG", "c": "ACGA"})
    with pytest.raises(InputError, match="Align them first") as stop:
        sequence_distances(three, "p")
    assert "3 pairs would have to be aligned" in stop.value.problem
    assert sequence_distances(three, "levenshtein").distances["a", "b"] == 0.25


def test_saturated_pairs_are_named_and_counted():
    letters = {"a": "ACGT" * 10, "b": "ACGA" * 10, "far": "CATG" * 10}
    with pytest.raises(InputError) as stop:
        sequence_distances(as_dna(letters), "jc69")
    assert "JC69 has no value for 2 of 3 pairs of barcodes" in stop.value.problem
    assert "saturated: 'a' and 'far'; 'b' and 'far'." in stop.value.problem
    assert stop.value.where == "--genetic jc69"
    assert "--genetic p" in str(stop.value)
    assert sequence_distances(as_dna(letters), "p").distances["a", "far"] == 1
    # Drawn against K2P, which has no value there: the p-distances stand all the same.
    assert np.isnan(sequence_distances(as_dna(letters), "p").corrected[0, 2])


def test_a_base_that_no_sequence_holds():
    with pytest.raises(InputError, match="no sequence holds T"):
        sequence_distances(as_dna({"a": "ACGACG", "b": "ACGACA"}), "tn93")


def test_pairs_without_a_common_site_are_named():
    letters = {"a": "ACGT----", "b": "----ACGT", "c": "ACGTACGT"}
    with pytest.raises(InputError, match="without a common site: 'a' and 'b'") as stop:
        sequence_distances(as_dna(letters), "p")
    assert stop.value.ids == ("a", "b")


def test_unknown_models_are_named():
    with pytest.raises(InputError, match="unknown distance between sequences 'f81'"):
        sequence_distances(as_dna({"a": "ACGT", "b": "ACGA"}), "f81")


def test_frequencies_leave_gaps_and_open_bases_out():
    found = base_frequencies(as_dna({"a": "AAN-", "b": "CGT-"}))
    assert found.tolist() == [0.4, 0.2, 0.2, 0.2]
