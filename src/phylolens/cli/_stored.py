"""``--model``: a stored model applied to new pictures, which takes few of the other options."""

from collections.abc import Mapping, Sequence
from typing import Any

from phylolens.errors import InputError

OF_FEATURES = ("backbone", "layers", "fit", "flips", "weights")


def require_nothing_else(
    settings: Mapping[str, Any],
    own: Mapping[str, Any],
    unused: Sequence[str],
    named: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Refuse options that a stored model has no use for; return those of its features.

    Parameters
    ----------
    settings, own : mapping
        Options given: those of several verbs, and the verb's own.
    unused : sequence of str
        Names among ``settings`` that a stored model does without.
    named : mapping, optional
        Options of ``own`` that have another name on the command line.

    Raises
    ------
    InputError
        Naming the options to leave out.
    """
    labels = [name for name in unused if name in settings]
    if labels:
        raise InputError(
            "a stored model judges new pictures by itself; labels and phylogenies are not read.",
            where="--model",
            ids=[_option(name) for name in labels],
            hint="Leave these options out.",
        )
    if own:
        raise InputError(
            "a stored model stays as it was fitted.",
            where="--model",
            ids=[_option((named or {}).get(name, name)) for name in own],
            hint="Leave these options out.",
        )
    return {name: settings[name] for name in OF_FEATURES if name in settings}


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
