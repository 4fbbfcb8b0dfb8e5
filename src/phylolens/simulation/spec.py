"""The knobs of a simulated world and what they may be."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from phylolens.errors import InputError
from phylolens.simulation.camera import BACKGROUNDS

# What each knob may be, in words and as a test.
_ALLOWED: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "n_subclasses": ("at least 1", lambda value: value >= 1),
    "n_orders": ("at least 1", lambda value: value >= 1),
    "n_families": ("at least 1", lambda value: value >= 1),
    "n_genera": ("at least 1", lambda value: value >= 1),
    "n_species": ("2 to 5000", lambda value: 2 <= value <= 5000),
    "images_per_species": ("at least 2", lambda value: value >= 2),
    "views_per_specimen": ("at least 1", lambda value: value >= 1),
    "imbalance": ("0 to 1", lambda value: 0 <= value <= 1),
    "lambda_": ("0 to 1", lambda value: 0 <= value <= 1),
    "extinction": ("0 to 0.95", lambda value: 0 <= value <= 0.95),
    "convergent_pairs": ("0 or more", lambda value: value >= 0),
    "convergence_strength": ("0 to 1", lambda value: 0 <= value <= 1),
    "specimen_sd": ("0 to 2", lambda value: 0 <= value <= 2),
    "nuisance": ("0 to 2", lambda value: 0 <= value <= 2),
    "n_sources": (f"1 to {len(BACKGROUNDS)}", lambda value: 1 <= value <= len(BACKGROUNDS)),
    "source_confound": ("0 to 1", lambda value: 0 <= value <= 1),
    "size": ("32 to 1024, divisible by 4", lambda value: 32 <= value <= 1024 and value % 4 == 0),
    "seed": ("0 or more", lambda value: value >= 0),
}
_FRACTIONAL = {
    "imbalance",
    "lambda_",
    "extinction",
    "convergence_strength",
    "specimen_sd",
    "nuisance",
    "source_confound",
}


@dataclass(frozen=True)
class WorldSpec:
    """The knobs of a simulated world.

    Parameters
    ----------
    n_subclasses, n_orders, n_families, n_genera, n_species : int
        How many clades of each rank, in the whole world.
    images_per_species : int
        Mean number of images a species.
    views_per_specimen : int
        Images of one specimen, left and right valve in turn.
    imbalance : float
        0: as many images for each species; 1: images over families follow 1 / rank**1.6, with at
        least ``min(3, images_per_species)`` a species.
    lambda_ : float
        Pagel's lambda of every trait.
    extinction : float
        Death rate over birth rate of the tree.
    convergent_pairs : int
        Pairs of species from different orders of which the second is moved towards the first.
    convergence_strength : float
        How far: 0 not at all, 1 onto it.
    specimen_sd : float
        Standard deviation of specimens around their species, in standard deviations of the
        traits between unrelated species; traits differ in how plastic they are.
    nuisance : float
        Factor on the spread of pose, light and blur between images.
    n_sources : int
        Collections the images come from.
    source_confound : float
        Probability that an image comes from its order's own collection and is photographed in
        that collection's way; otherwise both are drawn at random.
    size : int
        Side of the images in pixels.
    seed : int
        Everything follows from it and the other knobs.

    Raises
    ------
    InputError
        Naming the knob and what it may be.
    """

    n_subclasses: int = 2
    n_orders: int = 4
    n_families: int = 16
    n_genera: int = 32
    n_species: int = 48
    images_per_species: int = 12
    views_per_specimen: int = 1
    imbalance: float = 0.0
    lambda_: float = 1.0
    extinction: float = 0.2
    convergent_pairs: int = 2
    convergence_strength: float = 0.9
    specimen_sd: float = 0.1
    nuisance: float = 1.0
    n_sources: int = 3
    source_confound: float = 0.0
    size: int = 224
    seed: int = 0

    def __post_init__(self) -> None:
        for knob, (words, allowed) in _ALLOWED.items():
            value = getattr(self, knob)
            whole = isinstance(value, int) and not isinstance(value, bool)
            right_kind = whole or (knob in _FRACTIONAL and isinstance(value, float))
            if not right_kind or not allowed(value):
                kind = "a number" if knob in _FRACTIONAL else "a whole number"
                raise InputError(f"expected {kind}, {words}; got {value!r}.", where=knob)
            if knob in _FRACTIONAL:
                object.__setattr__(self, knob, float(value))
        self._check_clades()

    def _check_clades(self) -> None:
        """Refuse numbers that cannot nest, or more convergent pairs than the orders allow."""
        ranks = ("n_subclasses", "n_orders", "n_families", "n_genera", "n_species")
        for coarse, fine in pairwise(ranks):
            if getattr(self, coarse) > getattr(self, fine):
                raise InputError(
                    f"expected at most {fine} = {getattr(self, fine)}; "
                    f"got {getattr(self, coarse)}.",
                    where=coarse,
                )
        most = self.n_species // 2 if self.n_orders > 1 else 0
        if self.convergent_pairs > most:
            raise InputError(
                f"expected at most {most} with {self.n_orders} order(s) and {self.n_species} "
                f"species; got {self.convergent_pairs}.",
                where="convergent_pairs",
                hint="A pair joins species of different orders, and a species is in one pair.",
            )
