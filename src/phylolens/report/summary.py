"""A results directory as one dict: everything the report shows, rounded and in words."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from phylolens.report.glossary import cannot_tell, terms
from phylolens.report.ordering import tree_order
from phylolens.report.results import MADE_BY, Results
from phylolens.report.sections.classification.facts import about_classify
from phylolens.report.sections.guided.facts import about_guide
from phylolens.report.sections.labels.facts import about_images, about_phylogeny, about_specimens
from phylolens.report.sections.methods.facts import about_methods
from phylolens.report.sections.overview.facts import about_overview, about_warnings, main_rank
from phylolens.report.sections.paradigms.facts import BenchFacts, about_bench
from phylolens.report.sections.placement.facts import PlaceFacts, about_place
from phylolens.report.sections.signal.facts import SignalFacts, about_signal
from phylolens.writing import plain


def summarize(results: Path) -> dict[str, Any]:
    """Sum up a results directory.

    Parameters
    ----------
    results : Path
        Directory with at least ``check.json``; sections whose files are absent become None and are
        listed under ``missing`` with the command that makes them.

    Returns
    -------
    dict
        JSON-able. Sections ``specimens``, ``phylogeny``, ``pictures``, ``classify``, ``guide``,
        ``signal``, ``place``, ``bench``, ``methods``; ``cards`` and ``warnings``, the first screen;
        ``order``, the taxa in tree order.

    Raises
    ------
    InputError
        If there is no ``check.json``, or a file cannot be read.
    """
    return summarize_results(Results(Path(results)))


def summarize_results(found: Results) -> dict[str, Any]:
    """Sum up an opened results directory (see :func:`summarize`)."""
    summary: dict[str, Any] = {
        "title": "Do looks follow lineage?",
        "rank": found.rank,
        "simulated": found.simulated,
        "date": found.run.started[:10],
        "version": found.run.version,
        "specimens": about_specimens(found),
        "phylogeny": about_phylogeny(found),
        "pictures": about_images(found),
        "classify": about_classify(found),
        "guide": about_guide(found),
        "signal": about_signal(found),
        "place": about_place(found),
        "bench": about_bench(found),
        "order": tree_order(found),
        "missing": _missing(found),
    }
    told = summary["classify"] or {"cannot_tell": cannot_tell("classify")}
    guide = summary["guide"]
    summary["cannot_tell"] = {
        "classify": told["cannot_tell"],
        "guide": guide.cannot_tell if guide else cannot_tell("guide"),
    }
    summary["glossary"] = terms(
        summary["classify"], summary["signal"], held_out=guide is not None and bool(guide.judged)
    )
    summary["other_ranks"] = _other_ranks(summary)
    summary["methods"] = about_methods(found, summary)
    summary["cards"] = about_overview(summary)
    summary["warnings"] = about_warnings(summary)
    summary["main_rank"] = (
        main_rank(summary["classify"], summary["rank"])["rank"] if summary["classify"] else ""
    )
    return {name: _plain(value) for name, value in summary.items()}


def _plain(value: Any) -> Any:
    """Leave facts that are typed as they are; make everything else what JSON knows."""
    if isinstance(value, SignalFacts | PlaceFacts | BenchFacts):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return plain(value)


def _other_ranks(summary: dict[str, Any]) -> dict[str, str]:
    """Ranks of sections made at another rank than that of comparison, by section."""
    ranks = {"phylogeny": (summary["phylogeny"] or {}).get("rank")}
    ranks |= {key: summary[key].rank for key in ("guide", "signal") if summary[key]}
    return {key: rank for key, rank in ranks.items() if rank and rank != summary["rank"]}


def _missing(found: Results) -> dict[str, dict[str, str]]:
    """Name the absent parts, what makes them and, where a run left them out, why."""
    return {
        section: {
            "file": name,
            "command": command,
            "reason": found.reason(section),
        }
        for section, (name, command) in MADE_BY.items()
        if found.reason(section) or not (found.folder / name).is_file()
    }
