"""Whether two sets of features are of one kind, and in plain words what differs if not."""

from collections.abc import Callable, Mapping
from typing import Any

from phylolens.embedding.fuse import FINAL
from phylolens.errors import InputError

Spec = Mapping[str, Any]

HASH_SHOWN = 8
DIGITS = 9  # of means and deviations: a spec may have been through JSON


def spec_parts(spec: Spec) -> tuple[Spec, ...]:
    """Return the spec of each backbone: several where features are joined, else the one given."""
    return tuple(spec.get("fused") or (spec,))


def differences(made: Spec, here: Spec) -> list[str]:
    """Say in what features differ from those something was made with.

    What cannot change a feature (a file's name, the order of keys) is ignored, and so is what one
    of the two does not record.

    Parameters
    ----------
    made : mapping
        ``Features.spec`` of what a model was made with.
    here : mapping
        ``Features.spec`` at hand.

    Returns
    -------
    list of str
        Such as ``fit pad, here fit crop``; each ends the sentence "The model was made with ...".
        Empty where the features can be used together.
    """
    if _source(made) != _source(here):
        return [f"{_source(made)}, here {_source(here)}"]
    found = []
    for one, other in zip(spec_parts(made), spec_parts(here), strict=True):
        of = f" of {one['backbone']}" if "fused" in made else ""
        for name, words in _COMPARED.items():
            a, b = _value(one, name), _value(other, name)
            if a != b and a is not None and b is not None:
                found.append(f"{words(one)}{of}, here {words(other)}")
    widths = made.get("feature_size"), here.get("feature_size")
    if not found and all(widths) and widths[0] != widths[1]:
        found.append(f"{widths[0]} features a row, here {widths[1]}")
    return found


def require_same(made: Spec, here: Spec, where: object = "features") -> None:
    """Raise an InputError naming every difference, and the options that give what is needed."""
    found = differences(made, here)
    if found:
        raise InputError(
            f"the model was made with {'; with '.join(found)}.",
            where=where,
            hint=f"Features like the model's: {options(made)}.",
        )


def require_asked(made: Spec, asked: Mapping[str, Any], where: object) -> None:
    """Raise an InputError where options ask for features other than a model's.

    Parameters
    ----------
    made : mapping
        ``Features.spec`` of what the model was made with.
    asked : mapping
        Some of ``backbone`` (several: separated by commas), ``layers``, ``fit``, ``flips``.
    where : object
        The model.
    """
    if not asked:
        return
    settings = dict(asked)
    own = ",".join(str(part.get("backbone")) for part in spec_parts(made))
    names = str(settings.pop("backbone", own)).split(",")
    parts = [{"backbone": name.strip(), **settings} for name in names]
    require_same(made, {"fused": parts} if len(parts) > 1 else parts[0], where=where)


def options(spec: Spec) -> str:
    """Return the command-line options that give features of this spec."""
    parts = spec_parts(spec)
    if not all(part.get("backbone") for part in parts):
        return "--features FILE, of the program they came from"
    first = parts[0]
    text = f"--backbone {','.join(part['backbone'] for part in parts)}"
    text += f" --layers {','.join(first['layers'])}" if first.get("layers") else ""
    text += f" --fit {first['fit']}" if first.get("fit") else ""
    return text + (" --flips" if first.get("flips") else "")


def _source(spec: Spec) -> str:
    names = [part.get("backbone") for part in spec_parts(spec)]
    if not all(names):
        return "features made elsewhere"
    scaled = "" if len(names) == 1 or spec.get("normalised", True) else ", not scaled"
    return f"backbone{'s' if len(names) > 1 else ''} {', '.join(map(str, names))}{scaled}"


def _value(spec: Spec, name: str) -> Any:
    """Return a setting in a form that can be compared; None where it is not recorded."""
    if name == "layers":
        return list(spec.get("layers") or (FINAL,))
    if name == "flips":
        return bool(spec.get("flips"))
    value = spec.get(name)
    if isinstance(value, list | tuple):
        return [round(float(number), DIGITS) for number in value]
    return value


def _weights(spec: Spec) -> str:
    digits = str(spec["weights_sha256"])[:HASH_SHOWN]
    return f"weights {spec.get('weights', '')} (SHA-256 {digits}...)"


def _numbers(name: str) -> Callable[[Spec], str]:
    return lambda spec: f"{name} {', '.join(f'{number:g}' for number in spec[name])}"


_COMPARED: dict[str, Callable[[Spec], str]] = {
    "architecture": lambda spec: f"architecture {spec['architecture']}",
    "weights_sha256": _weights,
    "layers": lambda spec: f"layers {', '.join(_value(spec, 'layers'))}",
    "fit": lambda spec: f"fit {spec['fit']}",
    "flips": lambda spec: "mirror images" if _value(spec, "flips") else "no mirror images",
    "input_size": lambda spec: f"images of {spec['input_size']} pixels",
    "mean": _numbers("mean"),
    "std": _numbers("std"),
    "interpolation": lambda spec: f"{spec['interpolation']} interpolation",
    "preprocessing": lambda spec: f"version {spec['preprocessing']} of reading images",
}
