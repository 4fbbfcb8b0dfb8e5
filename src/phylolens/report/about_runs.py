"""Which runs made the stages shown: a results directory may hold stages of several."""

from typing import Any

from phylolens.report.results import Results
from phylolens.report.wording import listed

STAGES = {"classify": "classification", "guide": "guided embedding", "signal": "signal"}


def made_by(results: Results) -> dict[str, dict[str, Any]]:
    """Seed, command and inputs of each stage shown; None where an older record lacks them.

    Returns
    -------
    dict
        Stage name to ``seed`` (int or None), ``command`` (str or None) and ``inputs`` (dict or
        None).
    """
    recorded = results.run.get("stages") or {}
    contents = {"classify": results.metrics, "guide": results.guide, "signal": results.signal}
    found = {}
    for stage, content in contents.items():
        if content is not None:
            made = recorded.get(stage) or {}
            seed = _own_seed(content)
            found[stage] = {
                "seed": made.get("seed") if seed is None else seed,
                "command": _words(made["command"]) if made.get("command") else None,
                "inputs": made.get("inputs"),
            }
    return found


def _own_seed(content: dict[str, Any]) -> int | None:
    """Seed written into a stage's own file; the signal names it with its tests."""
    if content.get("seed") is not None:
        return content["seed"]
    tests = [test for test in (content.get("tests") or {}).values() if test]
    return tests[0].get("seed") if tests else None


def _words(command: Any) -> str:
    return command if isinstance(command, str) else " ".join(map(str, command))


def seed_words(results: Results) -> str:
    """Name the seed, or that of every stage where seeds or commands differ."""
    made = made_by(results)
    known = {stage: one["seed"] for stage, one in made.items() if one["seed"] is not None}
    several = len({one["command"] for one in made.values()}) > 1
    if len(set(known.values())) > 1 or (several and known):
        seeds = listed([f"{seed} ({STAGES[stage]})" for stage, seed in known.items()])
        return f"random seed{'s' if len(known) > 1 else ''} {seeds}"
    return f"random seed {next(iter(known.values()), results.run.get('seed'))}"


def commands(results: Results) -> list[dict[str, str]]:
    """List each distinct command with the stages it made; the last one alone in older records.

    Returns
    -------
    list of dict
        ``command`` and ``made``, the stages in words; ``made`` is empty where all were made by one.
    """
    last = _words(results.run.get("command") or "")
    made = made_by(results)
    by_command: dict[str, list[str]] = {}
    for stage, one in made.items():
        if one["command"]:
            by_command.setdefault(one["command"], []).append(STAGES[stage])
    older = [STAGES[stage] for stage, one in made.items() if not one["command"]]
    if len(by_command) + bool(by_command and older) <= 1:
        command = next(iter(by_command), last)
        return [{"command": command, "made": ""}] if command else []
    rows = [{"command": command, "made": listed(made)} for command, made in by_command.items()]
    return rows + ([{"command": "", "made": listed(older)}] if older else [])


def inputs(results: Results) -> list[dict[str, str]]:
    """List the input files of the last run and of every stage shown, each file once."""
    given = [results.run.get("inputs"), *(one["inputs"] for one in made_by(results).values())]
    rows = [
        {
            "name": str(name),
            "file": str(value.get("path", "")).replace("\\", "/").rsplit("/", 1)[-1],
            "sha256": str(value.get("sha256") or ""),
        }
        for found in given
        for name, value in (found or {}).items()
    ]
    return [row for place, row in enumerate(rows) if row not in rows[:place]]
