"""A method's learner with other settings, as claims compare it."""

from dataclasses import replace

import numpy as np
import pytest

from phylolens.errors import InputError
from phylolens.paradigms.clade_scores import variant


def test_a_variant_has_its_settings_and_its_seed(tiny, blurred, methods):
    methods(some=lambda material: blurred(material.seed))
    _, material = tiny(np.eye(6), 1, 6)
    assert variant("some", material, 0, noise=7.0)().noise == 7.0
    seeds = [variant("some", material, draw)().setting for draw in (0, 0, 1)]
    assert seeds[0] == seeds[1] != seeds[2]
    assert seeds[0] != variant("some", replace(material, seed=1), 0)().setting
    with pytest.raises(InputError, match="no such setting"):
        variant("some", material, 0, mining="none")
