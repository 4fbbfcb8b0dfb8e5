"""Keep scikit-bio from loading torch.

scikit-bio (0.7.2 to 0.7.4 at least) imports its testing helper ``skbio.util._testing`` with the
package, and that helper imports every array library it finds, torch among them: over a second and
hundreds of megabytes, for nothing that PhyloLens uses. :func:`install` has the helper alone find
no such library. torch and scikit-bio as others use them are not touched: what is already loaded
stays, and ``import torch`` works everywhere else.

scikit-bio could do without it by asking for the libraries when its tests run: ``_BACKENDS``, the
only user of these imports, made by a cached function instead of at import.
"""

import builtins
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

HELPER = "skbio.util._testing"
HEAVY = ("torch", "jax", "cupy")


def install() -> None:
    """Watch for the import of the helper, unless it is loaded or watched for already."""
    if HELPER not in sys.modules and not any(isinstance(f, _Finder) for f in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the helper where it is, and has :class:`_Loader` load it."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Leave every other module to the finders behind."""
        if name != HELPER:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(importlib.abc.Loader):
    """Loads a module whose own import statements find no heavy library."""

    def __init__(self, loader: importlib.abc.Loader) -> None:
        self._loader = loader

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """Make the module as ever."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module with an import function of its own; no other module sees it."""
        own = {**vars(builtins), "__import__": _light_import}
        vars(module)["__builtins__"] = own
        self._loader.exec_module(module)


def _light_import(name: str, *arguments: Any, **more: Any) -> ModuleType:
    if name.partition(".")[0] in HEAVY and name not in sys.modules:
        raise ModuleNotFoundError(f"{name} is kept out of {HELPER}", name=name)
    return builtins.__import__(name, *arguments, **more)
