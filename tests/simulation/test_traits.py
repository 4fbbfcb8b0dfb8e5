"""Maps from latent values to traits."""

import numpy as np

from phylolens.simulation.traits import TRAIT_NAMES, TRAITS, named_traits, trait_values


def test_maps_are_monotone_within_their_range():
    latent = np.linspace(-5, 5, 400)
    for trait in TRAITS:
        values = trait.value(latent)
        assert (np.diff(values) >= 0).all()
        assert trait.low <= values.min() < values.max() <= trait.high
        assert values[-1] - values[0] > 0.98 * (trait.high - trait.low)


def test_absent_share_of_unrelated_species_lacks_the_trait():
    latent = np.random.default_rng(0).standard_normal((40_000, len(TRAITS)))
    values = trait_values(latent)
    for place, trait in enumerate(TRAITS):
        assert abs((values[:, place] == trait.low).mean() - trait.absent) < 0.01


def test_evenly_filled_trait_is_uniform():
    hue = TRAIT_NAMES.index("hue")
    latent = np.random.default_rng(0).standard_normal((40_000, len(TRAITS)))
    quartiles = np.quantile(trait_values(latent)[:, hue], [0.25, 0.5, 0.75])
    np.testing.assert_allclose(quartiles, [0.25, 0.5, 0.75], atol=0.01)


def test_named_traits_keep_their_order():
    row = trait_values(np.zeros(len(TRAITS)))
    assert named_traits(row)["lightness"] == row[TRAIT_NAMES.index("lightness")]
