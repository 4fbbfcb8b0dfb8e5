"""How a problem is worded: what was expected, what came, where, which ids, what to do next.

Every verb turns an :class:`InputError` into one message and exit code 2. Problems that need not
stop a run are :class:`Problem` values; ``phylolens check`` lists them.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHOWN_IDS = 5


def some(ids: Iterable[object], limit: int = SHOWN_IDS) -> str:
    """Name the first few ids and count the rest: ``'a', 'b' and 12 more``."""
    names = [str(name) for name in ids]
    shown = ", ".join(f"'{name}'" for name in names[:limit])
    hidden = len(names) - limit
    return f"{shown} and {hidden} more" if hidden > 0 else shown


class InputError(ValueError):
    """Something the user gave cannot be used.

    Parameters
    ----------
    problem : str
        What was expected and what came instead, as one sentence.
    where : str, optional
        The file, option or column it was found in.
    ids : sequence, optional
        The ids concerned; the first few are shown, all are counted.
    hint : str, optional
        What to do next, as one sentence.

    Examples
    --------
    >>> import phylolens as pl
    >>> pl.as_features([[0.1, 0.2]])
    Traceback (most recent call last):
    phylolens.errors.InputError: features: expected Features, a DataFrame or a file...
    """

    def __init__(
        self, problem: str, *, where: object = "", ids: Sequence[object] = (), hint: str = ""
    ) -> None:
        self.problem, self.where, self.ids, self.hint = problem, str(where), tuple(ids), hint
        parts = [f"{where}: {problem}" if self.where else problem]
        if self.ids:
            parts.append(f"Concerned ({len(self.ids)}): {some(self.ids)}.")
        if hint:
            parts.append(hint)
        super().__init__(" ".join(parts))


class TooFew(InputError):
    """The data are sound but too few for one stage; a whole run goes on without it."""


def require_file(path: Path, hint: str) -> None:
    """Raise :class:`InputError` unless ``path`` is a file; say whether it is a folder instead."""
    if path.is_dir():
        raise InputError("this is a folder; a file is needed.", where=path, hint=hint)
    if not path.is_file():
        raise InputError("no such file.", where=path, hint=hint)


def require_folder(path: Path) -> None:
    """Raise :class:`InputError` unless results can be written into ``path``; create nothing."""
    nearest = next(place for place in (path, *path.resolve().parents) if place.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        reason = "cannot be written to" if nearest.is_dir() else "is a file"
        raise InputError(f"'{nearest}' {reason}.", where="--out", hint="Give another folder.")


@dataclass(frozen=True)
class Problem:
    """One thing found wrong with the input, severe or not.

    Parameters
    ----------
    kind : str
        Stable name, such as ``missing-file`` or ``two-parents``.
    severity : str
        ``error`` (the row or taxon cannot be used), ``warning`` or ``note``.
    message : str
        One sentence in plain words.
    ids : tuple of str
        The files, rows or taxa concerned.
    """

    kind: str
    severity: str
    message: str
    ids: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the problem as it is written to ``check.json``."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "message": self.message,
            "count": len(self.ids),
            "ids": list(self.ids),
        }
