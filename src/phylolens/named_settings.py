"""A name with settings, as it is typed: ``metric:loss=triplet,hidden=64``.

Learners and heads are told so, on the command line, in ``study.toml`` and from Python. The name
comes first; after a colon ``key=value`` pairs, separated by commas. Values get the types that the
constructor asks for; several values of one setting are separated by slashes, ``none`` is None, and
a dot reaches the settings of a part (``finetune:head.loss=triplet``).
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from phylolens.errors import InputError

KINDS: Mapping[type, str] = {bool: "true or false", int: "a whole number", float: "a number"}
WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
SAFE = re.compile(r"[^\w.+=,-]+", re.ASCII)  # what file names take on every system, and what not
LONGEST = 80  # characters of a file's name


@dataclass(frozen=True)
class Named:
    """A name and the settings typed with it.

    Parameters
    ----------
    name : str
    settings : mapping of str to str
        Not typed yet.
    """

    name: str
    settings: Mapping[str, str]


def split_names(text: str) -> tuple[str, ...]:
    """Split ``a,b:x=1,y=2,c`` to ``a``, ``b:x=1,y=2`` and ``c``.

    A part with an equals sign and no colon before it goes on with the settings of the name ahead.
    """
    found: list[str] = []
    for part in (one.strip() for one in text.split(",")):
        if found and "=" in part and ":" in found[-1] and ":" not in part.partition("=")[0]:
            found[-1] += f",{part}"
        elif part:
            found.append(part)
    return tuple(found)


def name_of(text: str) -> str:
    """Return the name alone."""
    return text.partition(":")[0].strip()


def file_name(text: str) -> str:
    """Return a name with settings as part of a file's name, on any system; others differ from it.

    What is harmless stays as it is; otherwise a few digits of a hash tell alike ones apart.
    """
    found = SAFE.sub("-", text)
    if found == text and len(text) <= LONGEST:
        return text
    return f"{found[:LONGEST]}-{sha256(text.encode()).hexdigest()[:8]}"


def parse_named(text: str, known: Sequence[str], *, what: str, where: str) -> Named:
    """Take a name and its settings apart.

    Parameters
    ----------
    text : str
    known : sequence of str
        The names there are.
    what, where : str
        What is named ('learner'), and the option or argument it was given to.

    Raises
    ------
    InputError
        If there is no such name, or a pair is not of the form ``key=value``.
    """
    name, colon, rest = (part.strip() for part in text.partition(":"))
    if name not in known:
        raise InputError(
            f"unknown {what} '{name}'.", where=where, hint=f"Choose from {', '.join(known)}."
        )
    settings: dict[str, str] = {}
    for pair in rest.split(",") if colon else ():
        key, equals, value = (part.strip() for part in pair.partition("="))
        if not (key and equals and value) or key in settings:
            twice = key in settings and equals
            raise InputError(
                f"'{text}' "
                + (f"sets {key} twice." if twice else f"has no 'key=value': '{pair}'."),
                where=where,
                hint=f"Settings of a {what} are written {name}:key=value,key=value.",
            )
        settings[key] = value
    return Named(name, settings)


def typed_settings(
    named: Named,
    kind: Callable[..., Any],
    *,
    what: str,
    where: str,
    hidden: Sequence[str] = (),
    parts: Mapping[str, Callable[..., Any]] | None = None,
) -> dict[str, Any]:
    """Give settings the types of a constructor's arguments.

    Parameters
    ----------
    named : Named
    kind : class
        Whose arguments are meant. Where one has no annotation its default tells the type.
    what, where : str
        As for :func:`parse_named`.
    hidden : sequence of str
        Arguments that cannot be typed.
    parts : mapping of str to class, optional
        Arguments that hold the settings of a part of ``kind``, and that part's class.

    Returns
    -------
    dict
        Keyword arguments; those of parts are mappings.

    Raises
    ------
    InputError
        If there is no such setting, or a value is not of its type; what there is is named.
    """
    parts = parts or {}
    kinds = {key: one for key, one in _kinds(kind).items() if key not in (*hidden, *parts)}
    inner = {f"{own}.{key}": (own, key, one) for own, part in parts.items()
             for key, one in _kinds(part).items()}  # fmt: skip
    found: dict[str, Any] = {}
    for key, text in named.settings.items():
        if key in kinds:
            found[key] = _value(text, kinds[key], key, named.name, what, where)
        elif key in inner:
            own, name, one = inner[key]
            found.setdefault(own, {})[name] = _value(text, one, key, named.name, what, where)
        else:
            told = ", ".join([*kinds, *inner]) or "none"
            raise InputError(
                f"{what} {named.name} has no setting '{key}'.", where=where, hint=f"It has: {told}."
            )
    return found


def _kinds(kind: Callable[..., Any]) -> dict[str, Any]:
    """Types of a class's keyword arguments, by name."""
    made = kind.__init__ if inspect.isclass(kind) else kind
    try:
        hints = get_type_hints(made)
    except NameError:  # of what is imported for type checkers alone
        hints = {}
    found = {}
    for name, one in inspect.signature(kind).parameters.items():
        if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD):
            found[name] = hints.get(name, _kind_of(one.default))
    return found


def _kind_of(default: Any) -> Any:
    return float | str | None if default in (None, inspect.Parameter.empty) else type(default)


def _value(text: str, kind: Any, key: str, name: str, what: str, where: str) -> Any:
    """Read one value.

    Raises
    ------
    InputError
        If it is not of its kind.
    """
    try:
        return _read(text, kind)
    except ValueError:
        raise InputError(
            f"{what} {name}: '{text}' is no value of '{key}'.",
            where=where,
            hint=f"It is {_words(kind)}.",
        ) from None


def _read(text: str, kind: Any) -> Any:
    origin, inside = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        for one in inside:
            try:
                return _read(text, one)
            except ValueError:
                continue
        raise ValueError(text)
    if origin is Literal:
        return {str(one): one for one in inside}[text] if text in map(str, inside) else _fail(text)
    if kind is NoneType:
        return None if text.lower() == "none" else _fail(text)
    if kind is bool:
        return WORDS[text.lower()] if text.lower() in WORDS else _fail(text)
    if kind in (int, float):
        return kind(text)
    if origin is not None and issubclass(origin, Sequence):
        return tuple(_read(part, inside[0] if inside else str) for part in text.split("/"))
    return text if kind is str else _fail(text)


def _fail(text: str) -> Any:
    raise ValueError(text)


def _words(kind: Any) -> str:
    origin, inside = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return " or ".join(_words(one) for one in inside)
    if origin is Literal:
        return f"one of {', '.join(map(str, inside))}"
    if kind is NoneType:
        return "none"
    if origin is not None and issubclass(origin, Sequence):
        return f"{_words(inside[0]) if inside else 'text'}, or several separated by slashes"
    return KINDS.get(kind, "text")
