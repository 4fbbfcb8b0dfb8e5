"""All methods of the bench: found in ``methods``, a file each, in the order of the map."""

import pkgutil
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from importlib import import_module

from phylolens.errors import InputError
from phylolens.paradigms.cells import CELLS
from phylolens.paradigms.method import Method

PACKAGE = "phylolens.paradigms.methods"
ALL = "all"
WHERE = "--cells"


@cache
def registered() -> Mapping[str, Method]:
    """Every method, by name: in the order of the cells, within a cell as their files have them."""
    found: list[Method] = []
    for module in sorted(one.name for one in pkgutil.iter_modules(import_module(PACKAGE).__path__)):
        found.extend(import_module(f"{PACKAGE}.{module}").METHODS)
    order = {cell.name: place for place, cell in enumerate(CELLS)}
    found.sort(key=lambda method: order[method.cell])
    twice = {one.name for one in found if [other.name for other in found].count(one.name) > 1}
    if twice:
        raise ValueError(f"methods of the same name: {', '.join(sorted(twice))}")
    return {method.name: method for method in found}


def choose_methods(names: Sequence[str]) -> tuple[Method, ...]:
    """Find methods by their names, those of cells, or those of categories; ``all`` for all.

    Raises
    ------
    InputError
        If a name is none of these; the nearest is named.

    Examples
    --------
    >>> from phylolens.paradigms import choose_methods
    >>> [method.name for method in choose_methods(["foundational/kernels"])]
    ['rbf', 'polynomial']
    """
    methods = registered()
    if ALL in names:
        return tuple(methods.values())
    known = {name: [name] for name in methods}
    for method in methods.values():
        for group in (method.cell, method.place.category):
            known.setdefault(group, []).append(method.name)
    unknown = [name for name in names if name not in known]
    if unknown:
        near = [
            match
            for name in unknown
            for match in get_close_matches(name.lower(), [*known, ALL], n=1, cutoff=0.5)
        ]
        groups = ", ".join(cell.name for cell in CELLS if cell.name in known)
        meant = f"Did you mean {' or '.join(near)}? " if near else ""
        raise InputError(
            "no such cell or method of the bench.",
            where=WHERE,
            ids=unknown,
            hint=f"{meant}Cells: {groups}; or name a method, a category, or 'all'.",
        )
    wanted = {method for name in names for method in known[name]}
    return tuple(method for name, method in methods.items() if name in wanted)
