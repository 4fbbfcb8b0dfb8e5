"""``--model``: a stored model applied to new images, which takes few of the other options."""

from collections.abc import Mapping
from typing import Any

from phylolens.errors import InputError
from phylolens.pipeline.settings import SECTION_MODELS, Settings, option_name

OF_FEATURES = ("backbone", "layers", "fit", "flips", "weights")
TAKEN = (*OF_FEATURES, "images", "features", "device", "skip_bad", "seed", "out")


def require_nothing_else(settings: Mapping[str, Any], section: str) -> dict[str, Any]:
    """Refuse options that a stored model has no use for; return those of its features.

    Parameters
    ----------
    settings : mapping
        Settings given.
    section : str
        The verb's own among them.

    Raises
    ------
    InputError
        Naming the options to leave out.
    """
    labels = [name for name in settings if name not in (*TAKEN, section)]
    if labels:
        raise InputError(
            "a stored model judges new images by itself; labels and phylogenies are not read.",
            where="--model",
            ids=[option_name(Settings, name) for name in labels],
            hint="Leave these options out.",
        )
    if own := settings.get(section):
        raise InputError(
            "a stored model stays as it was fitted.",
            where="--model",
            ids=[option_name(SECTION_MODELS[section], name) for name in own],
            hint="Leave these options out.",
        )
    return {name: settings[name] for name in OF_FEATURES if name in settings}
