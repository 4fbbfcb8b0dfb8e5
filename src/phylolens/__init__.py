"""PhyloLens measures whether visual distance follows lineage.

Specimens and a phylogeny go in; features, classifications, guided embeddings, tests of visual
against genetic distance, and a report come out. The public names are imported when first used;
``__init__.pyi`` says where they stand (SPEC 1).
"""

from typing import Any

import lazy_loader

from phylolens import _skbio

_skbio.install()

_find, _names, _public = lazy_loader.attach_stub(__name__, __file__)
__all__ = ["__version__", *_public]


def __getattr__(name: str) -> Any:
    found = _version() if name == "__version__" else _find(name)
    globals()[name] = found  # importing a package of that name later must not take its place
    return found


def _version() -> str:
    from importlib.metadata import version  # a quarter of the time that this package takes

    return version("phylolens")


def __dir__() -> list[str]:
    return [*__all__, "__doc__", "__file__", "__name__"]
