"""Taxa left out, and what was known where they were placed."""

import numpy as np
import pytest

from phylolens.errors import TooFew
from phylolens.placement.evidence import KINDS, Observer, path_lengths
from phylolens.placement.leave_out import depths_of
from phylolens.placement.points import Points
from phylolens.placement.reference import Reference, first_images, noise_shares
from phylolens.placement.traits import Traits


def test_paths_are_those_of_the_tree(related):
    reference, _ = related
    taxa = list(reference.branches.taxa)
    wanted = reference.branches.to_tree().cophenet().filter(taxa).data
    assert path_lengths(reference) == pytest.approx(wanted)


def test_whole_clades_are_left_out_at_every_depth(related):
    reference, folds = related
    assert depths_of(reference) == ("species", "genus", "family")
    for depth in depths_of(reference):
        clades = reference.clades(depth)
        out = np.concatenate([fold.taxa for fold in folds if fold.depth == depth])
        assert sorted(out) == list(range(len(reference))), "each taxon once"
        for fold in (one for one in folds if one.depth == depth):
            kept = [reference.branches.taxa.index(name) for name in fold.reference.branches.taxa]
            assert not set(clades[kept]) & set(clades[fold.taxa])
            assert len(kept) + len(fold.taxa) == len(reference)


def test_true_paths_and_heights(related):
    reference, folds = related
    paths = path_lengths(reference)
    for fold in folds[::4]:
        tree = fold.reference.branches
        kept = [reference.branches.taxa.index(name) for name in tree.taxa]
        assert fold.paths == pytest.approx(paths[np.ix_(fold.taxa, kept)])
        known = fold.branches >= 0
        own = fold.branches[known]
        assert (fold.heights[known] <= tree.heights[own] + 1e-9).all()
        assert (fold.heights[known] >= tree.heights[tree.parents[own]] - 1e-9).all()


def test_nothing_of_the_taxa_left_out_is_fitted(related):
    """Other images of the taxa left out change nothing in what was fitted to the rest."""
    reference, folds = related
    fold = folds[0]
    away = np.isin(np.arange(len(reference)), fold.taxa)
    changed = reference.sample.features.copy()
    for taxon in fold.taxa:
        rows = slice(reference.sample.starts[taxon], reference.sample.stops[taxon])
        changed[rows] += 100
    from phylolens.guided.sample import with_features

    places = reference.sample
    other = Reference(
        with_features(places, changed[places.rows]), reference.branches, reference.lineage
    )
    first, second = (Observer.fit(one.without(away)[0]) for one in (reference, other))
    assert np.array_equal(first.traits.axes, second.traits.axes)
    assert np.array_equal(first.motion.rates, second.motion.rates)
    points = Points(fold.reference.branches, fold.reference.branches.height)
    unknowns = reference.sample.take(fold.taxa)
    assert np.array_equal(first.of(unknowns, points).kinds, second.of(unknowns, points).kinds)


def test_evidence_points_to_the_true_branch(related):
    """Its kinds of images rank the true branch above the middle one."""
    _, folds = related
    for kind in ("brownian", "distances", "votes"):
        ranks = []
        for fold in folds:
            if fold.depth != "species":
                continue
            values = fold.evidence.kinds[:, :, KINDS.index(kind)]
            known = np.flatnonzero(fold.branches >= 0)
            own = values[known, fold.branches[known]]
            ranks += list((values[known] > own[:, None]).mean(axis=1))
        assert np.median(ranks) < 0.25, kind


def test_votes_add_up(related):
    _, folds = related
    fold = folds[0]
    tree = fold.reference.branches
    votes = np.exp(fold.evidence.kinds[:, :, KINDS.index("votes")]) - 1e-3
    below_root = np.flatnonzero(tree.parents[:-1] == len(tree.parents) - 1)
    assert votes[:, below_root].sum(axis=1) == pytest.approx(1, abs=1e-3)


def test_images_of_pseudo_unknowns(related):
    reference, _ = related
    few = first_images(reference.sample, 1)
    assert (few.sizes == 1).all()
    assert few.taxa == reference.sample.taxa
    assert noise_shares(few) == pytest.approx(1)
    assert noise_shares(reference.sample) == pytest.approx(1 / 3)
    assert first_images(reference.sample, None) is reference.sample


def test_traits_are_round_within_taxa(related):
    reference, _ = related
    traits = Traits.fit(reference.sample, 5)
    rows = traits.of(reference.sample.matrix())
    apart = rows - traits.of(reference.sample.means)[reference.sample.codes]
    free = len(rows) - len(reference)
    assert (apart**2).sum(axis=0) / free == pytest.approx(traits.within, rel=1e-6)
    assert traits.within.max() < 1
    means = traits.of(reference.sample.means)
    spread = means.T @ means
    assert spread - np.diag(np.diag(spread)) == pytest.approx(np.zeros((5, 5)), abs=1e-6)


def test_taxa_of_single_images_are_taken_as_they_are(related):
    reference, _ = related
    single = first_images(reference.sample, 1)
    traits = Traits.fit(single, 4)
    assert (traits.within == 0).all()
    assert np.isfinite(traits.of(single.matrix())).all()


def test_too_few_taxa(related):
    reference, _ = related
    few = reference.sample.take(np.arange(4))
    with pytest.raises(TooFew, match="only 4 taxa"):
        Reference.of(few, reference.branches, reference.lineage)
