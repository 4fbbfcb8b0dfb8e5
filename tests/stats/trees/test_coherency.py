"""Kiel's tree coherency index on trees made by hand, and against plain recursion."""

import numpy as np
import pandas as pd
import pytest

from phylolens.errors import InputError
from phylolens.stats.trees.coherency import coherency_index


def labels_of(text):
    """``a1 b1 -2``: tip a has label 1, b label 1, and ``?`` none."""
    pairs = [(name[0], name[1:]) for name in text.split()]
    return pd.Series({tip: None if label == "?" else label for tip, label in pairs})


def naive_index(tree, labels):
    sizes = []

    def visit(node):
        names = [tip.name for tip in node.tips()] or [node.name]
        found = {labels[name] for name in names}
        if len(names) > 1 and len(found) == 1 and not pd.isna(next(iter(found))):
            sizes.append(len(names))
            return
        for child in node.children:
            visit(child)

    visit(tree)
    return sum(sizes) ** 2 / (len(sizes) * tree.count(tips=True)) if sizes else 0.0


def test_by_hand(tree):
    found = tree("(((a,b),(c,d)),((e,f),(g,h)));")
    # Two clades of four: mean size 4, all tips in them.
    assert coherency_index(found, labels_of("a1 b1 c1 d1 e2 f2 g2 h2")) == 4
    # Four pairs: mean size 2, all tips in them.
    assert coherency_index(found, labels_of("a1 b1 c2 d2 e1 f1 g2 h2")) == 2
    # A pair and a four: mean size 3, six of eight tips.
    assert coherency_index(found, labels_of("a1 b1 c2 d1 e2 f2 g2 h2")) == pytest.approx(3 * 6 / 8)
    assert coherency_index(found, labels_of("a1 b2 c1 d2 e1 f2 g1 h2")) == 0
    assert coherency_index(found, labels_of("a1 b1 c1 d1 e1 f1 g1 h1")) == 8


def test_single_tips_and_unknown_labels_make_no_clade(tree):
    found = tree("(((a,b),c),(d,e));")
    assert coherency_index(found, labels_of("a1 b1 c2 d3 e3")) == pytest.approx(2 * 4 / 5)
    assert coherency_index(found, labels_of("a1 b1 c2 d? e?")) == pytest.approx(2 * 2 / 5)


def test_equals_plain_recursion(drawn, shuffle):
    rng = np.random.default_rng(0)
    for n in (5, 12, 40):
        for seed in range(8):
            found = drawn(n, seed, collapse=0.3 * (seed % 2))
            values = rng.integers(3, size=n).astype(str).astype(object)
            values[rng.random(n) < 0.1] = np.nan
            labels = pd.Series(values, [f"t{place}" for place in range(n)])
            expected = naive_index(found, labels)
            assert coherency_index(found, labels) == pytest.approx(expected, abs=1e-12)
            assert coherency_index(shuffle(found, 1), labels[::-1]) == pytest.approx(expected)


def test_a_tip_without_an_entry_is_refused(tree):
    with pytest.raises(InputError, match="without an entry"):
        coherency_index(tree("(a,b,c,d);"), labels_of("a1 b1 c1"))
