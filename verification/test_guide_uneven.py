"""Does the p of held-out skill keep its level where numbers of images follow the clades?

Slow: run with ``make verify``; ``pytest -rP`` shows the shares. Distances between plain means
rejected in up to half of such worlds: means of few images stand apart by their noise alone.
"""

from functools import partial

import pytest
from guide_uneven_worlds import p_of_uneven
from null_worlds import in_worlds

WORLDS, LEVEL, HIGHEST = 400, 0.05, 0.07


@pytest.mark.parametrize("learner", ["default", "soft", "gp", "phylo-ridge", "unguided"])
def test_uneven_numbers_of_images_are_no_signal(learner):
    found = in_worlds(partial(p_of_uneven, learner=learner), range(WORLDS))
    share = float((found["p"] <= LEVEL + 1e-12).mean())
    print(f"{learner}: p <= 0.05 in {share:.3f} of {WORLDS} worlds")
    assert share <= HIGHEST
