"""What a claim of the study is, and what comes out when it is tested."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from phylolens.paradigms.data import BenchData
from phylolens.paradigms.material import Material

Holds = Literal["holds", "does not hold", "cannot be said"]


@dataclass(frozen=True)
class Verdict:
    """What an experiment said of a claim.

    Parameters
    ----------
    holds : {'holds', 'does not hold', 'cannot be said'}
    figure : str
        What was found, as it is printed; or why nothing could be.
    values : mapping of str to float
        The same numbers, by name.
    """

    holds: Holds
    figure: str
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Claim:
    """What the study says of a method (Roy 2025, section 4.2), as an experiment.

    Parameters
    ----------
    name : str
        As its file is called.
    method : str
        Of the bench's row that it belongs to; several claims may belong to one.
    text : str
        The claim, one sentence.
    test : callable
        Given the material and the data, returns a :class:`Verdict`. It measures a difference that
        is above zero where the claim is right, and asks
        :func:`phylolens.paradigms.evidence.judge`.
    """

    name: str
    method: str
    text: str
    test: Callable[[Material, BenchData], Verdict]

    def __post_init__(self) -> None:
        if not self.text.endswith("."):
            raise ValueError(f"claim {self.name}: a claim is a sentence")
