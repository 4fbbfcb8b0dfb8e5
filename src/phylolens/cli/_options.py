"""Options of the verbs, made from the settings (:mod:`phylolens.pipeline.settings`).

None of them has a default here: what is not given is left to the settings.
"""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from pydantic import BaseModel

from phylolens.named_settings import split_names
from phylolens.pipeline.settings import SECTION_MODELS, SECTIONS, Settings, option_name

SPECIMENS = ("images", "meta", "pattern", "ranks")
PHYLOGENY = ("tree", "distances", "barcodes", "genetic", "ids", "matches")
EXTRACTION = ("backbone", "weights", "layers", "fit", "flips", "device")
RUN = ("skip_bad", "seed", "out")
REPEATED = ("confound",)  # given several times; other lists are separated by commas

SHORT = ("classify", "recipe")  # called --recipe by the verb run, too

Verb = Callable[..., None]
Json = Annotated[bool, typer.Option("--json", help="Print a machine-readable summary.")]


def help_of(name: str) -> str:
    """Return what one of the settings says of itself, for verbs that share its words."""
    return str(Settings.model_fields[name].description)


def takes(*shared: str, section: str | None = None) -> Callable[[Verb], Verb]:
    """Give a verb the settings named, those of a section, and its own options.

    The verb's first argument receives those that were given, as settings of a run.
    """

    def decorate(verb: Verb) -> Verb:
        fields = [("", name) for name in shared]
        fields += [(section, name) for name in _fields(section)] if section else []
        return _command(verb, [*fields, *(("", name) for name in RUN)], _single)

    return decorate


def takes_all(*shared: str) -> Callable[[Verb], Verb]:
    """Give a verb the settings named and those of all sections of a run.

    An option that two sections have is named after its section.
    """

    def decorate(verb: Verb) -> Verb:
        fields = [("", name) for name in shared]
        fields += [(section, name) for section in SECTIONS for name in _fields(section)]
        return _command(verb, [*fields, *(("", name) for name in RUN)], _several)

    return decorate


def _fields(section: str) -> Iterator[str]:
    model = SECTION_MODELS[section]
    return (name for name in model.model_fields if option_name(model, name))


def _single(section: str, name: str) -> tuple[str, ...]:
    return (option_name(SECTION_MODELS.get(section, Settings), name),)


def _several(section: str, name: str) -> tuple[str, ...]:
    """Name an option of a verb that takes all sections."""
    own = _single(section, name)
    users = [each for each in SECTIONS if own[0] in map(_option_in(each), _fields(each))]
    taken = own[0] in (option_name(Settings, each) for each in Settings.model_fields)
    if not section or (len(users) == 1 and not taken):
        return own
    longer = f"--{section}-{own[0].removeprefix('--')}"
    return (longer, *own) if (section, name) == SHORT else (longer,)


def _option_in(section: str) -> Callable[[str], str]:
    return functools.partial(option_name, SECTION_MODELS[section])


def _command(
    verb: Verb,
    fields: list[tuple[str, str]],
    named: Callable[[str, str], tuple[str, ...]],
) -> Verb:
    own = list(inspect.signature(verb).parameters.values())[1:]
    before = [_parameter(section, name, named) for section, name in fields[: -len(RUN)]]
    after = [_parameter(section, name, named) for section, name in fields[-len(RUN) :]]

    @functools.wraps(verb)
    def command(**options: Any) -> None:
        settings: dict[str, Any] = {}
        for section, name in fields:
            model = SECTION_MODELS.get(section, Settings)
            value = _value(model, name, options.pop(_key(section, name)))
            if value is not None:
                (settings.setdefault(section, {}) if section else settings)[name] = value
        verb(settings, **options)

    parameters = sorted([*before, *own, *after], key=lambda each: each.kind)
    # typer reads a command's options from these two.
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command


def _key(section: str, name: str) -> str:
    return f"{section}_{name}" if section else name


def _parameter(
    section: str, name: str, named: Callable[[str, str], tuple[str, ...]]
) -> inspect.Parameter:
    model = SECTION_MODELS.get(section, Settings)
    annotation = _annotation(model, name, named(section, name))
    default = False if get_args(annotation)[0] is bool else None
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(_key(section, name), kind, default=default, annotation=annotation)


def _annotation(model: type[BaseModel], name: str, declared: tuple[str, ...]) -> Any:
    """Say how a setting is typed on the command line."""
    field = model.model_fields[name]
    kind = _kind(field.annotation)
    if kind is bool and field.default is True and not declared[0].startswith("--no-"):
        option = declared[0].removeprefix("--")
        declared, kind = (f"--{option}/--no-{option}",), bool | None
    elif name in REPEATED:
        kind = list[str] | None
    elif kind is not bool:
        kind = kind | None
    return Annotated[kind, typer.Option(*declared, help=field.description)]


def _kind(annotation: Any) -> Any:
    """Reduce a type to what can be typed: a path, a number, a flag or text."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, UnionType):
        kinds = [each for each in get_args(annotation) if each is not NoneType]
        return _kind(kinds[0]) if len(kinds) == 1 else str
    if get_origin(annotation) in (tuple, Literal):
        return str
    return annotation if annotation in (Path, int, float, bool, str) else str


def _value(model: type[BaseModel], name: str, given: Any) -> Any:
    """Turn what was typed into a setting; None where nothing was."""
    if name in REPEATED:
        return tuple(given or ()) or None
    if option_name(model, name).startswith("--no-"):
        return False if given else None
    if given is False and model.model_fields[name].default is not True:
        return None  # a flag that was not given
    if isinstance(given, str) and _is_list(model.model_fields[name].annotation):
        return names(given)
    return given


def _is_list(annotation: Any) -> bool:
    if get_origin(annotation) in (Union, UnionType):
        return any(_is_list(each) for each in get_args(annotation))
    return get_origin(annotation) is tuple


def names(text: str | None) -> tuple[str, ...] | None:
    """Split ``a,b:x=1,y=2,c`` to ``a``, ``b:x=1,y=2``, ``c``."""
    return split_names(text) if text else None


def given(**values: Any) -> Mapping[str, Any]:
    """Keep the options that were given."""
    return {name: value for name, value in values.items() if value is not None}
