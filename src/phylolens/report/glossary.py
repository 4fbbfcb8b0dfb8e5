"""Terms explained where they are used, and what a section cannot tell, from ``glossary.toml``."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from phylolens.report.sections.signal.facts import SignalFacts

GLOSSARY = Path(__file__).parent / "glossary.toml"
PARTS = ("within", "correlogram", "lambda_", "trees", "confounds", "pairs", "clades", "sample")


def terms(
    classify: Mapping[str, Any] | None,
    signal: SignalFacts | None = None,
    *,
    held_out: bool = False,
) -> list[tuple[str, str]]:
    """Terms that the report uses, given its sections."""
    shown = {f"classify.{part}" for part, own in (classify or {}).items() if own}
    shown |= {f"signal.{part}" for part in parts_of(signal)}
    shown |= {"guide.held_out"} if held_out else set()
    return [
        (term["name"], term["text"])
        for term in _read()["term"]
        if "part" not in term or term["part"] in shown
    ]


def cannot_tell(section: str) -> list[str]:
    """Say what ``classify`` or ``guide`` leaves open, whatever its results are."""
    return list(_read()["cannot_tell"][section])


def parts_of(signal: SignalFacts | None) -> set[str]:
    """Name tests and parts that the section on signal holds."""
    if not signal:
        return set()
    shown = {test.name for test in signal.tests}
    shown |= {part.rstrip("_") for part in PARTS if getattr(signal, part)}
    shown |= {"holm"} if any(test.p_holm is not None for test in signal.tests) else set()
    shown |= {"centred"} if any(name.endswith("_centred") for name in shown) else set()
    return shown | {row.key for row in (signal.trees.rows if signal.trees else [])}


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(GLOSSARY.read_text(encoding="utf-8"))
