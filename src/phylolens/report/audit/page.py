"""``audit.html``: one page that needs nothing else."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from phylolens.report.audit.words import MEANT, NOISE_WORDS, printed
from phylolens.report.figures import Drawing
from phylolens.report.pictures import data_address
from phylolens.report.wording import count, number, p_value
from phylolens.writing import write_text

TEMPLATES = Path(__file__).parent.parent / "templates"
PIXELS_AN_INCH = 110


def write_page(path: Path, summary: Mapping[str, Any]) -> None:
    """Write the page of an audit.

    Parameters
    ----------
    path : Path
    summary : mapping
        As :func:`phylolens.pipeline.audit.audit_files` makes it.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    drawings = _draw(summary)
    text = environment.get_template("audit.html.j2").render(
        s=summary,
        rows=[_row(entry, entry["title"]) for entry in summary["published"].values()],
        honest=[_row(entry, MEANT[name]) for name, entry in summary["honest"].items()],
        noise=_noise(summary),
        dropped=_dropped(summary["dropped"]),
        taxa=count(summary["n_taxa"], "taxon"),
        figures={name: data_address(each.svg, "image/svg+xml") for name, each in drawings.items()},
        width=round(PIXELS_AN_INCH * drawings["wide"].width) if drawings else 0,
    )
    # No break within a figure, and a true minus in its exponent.
    text = re.sub(r"\b([rpn]) (=|&lt;) (?=[−\d])", "\\1\u00a0\\2\u00a0", text)
    text = re.sub(r"(\b\de)-(\d+\b)", "\\1−\\2", text)
    write_text(path, text)


def _row(entry: Mapping[str, Any], title: str) -> dict[str, Any]:
    if entry["statistic"] is None:
        return {"title": title, "value": "–", "note": entry["why_absent"], "p": "–",
                "printed": "–", "null": "–", "noise": "–", "perfect": "–"}  # fmt: skip
    noise, almost = entry["noise"]["gaussian"], entry["nearly_perfect"]
    exact = entry["perfect"]
    null = entry["null_quantiles"]
    as_printed = ""
    if entry.get("n_as_printed"):
        as_printed = f"{printed(entry)}, n = {entry['n_as_printed']:,}"
    return {
        "title": title,
        "value": number(entry["statistic"], 3),
        "note": entry.get("fault", ""),
        "p": p_value(entry["p_value"]),
        "printed": as_printed or "–",
        "null": f"{number(null['0.025'], 2)} to {number(null['0.975'], 2)}",
        "noise": f"{number(noise['mean'], 2)} ± {number(noise['sd'], 2)}" if noise else "–",
        "perfect": number(exact, 2) if exact is not None else _about(almost),
    }


def _about(spread: Mapping[str, Any] | None) -> str:
    return f"{number(spread['mean'], 2)} ± {number(spread['sd'], 2)}" if spread else "–"


def _noise(summary: Mapping[str, Any]) -> list[dict[str, str]]:
    """Noise of every kind in the formula that noise can drive anywhere, beside an honest test."""
    shown = summary["published"]["weighted_error"]["noise"]
    beside = summary["honest"]["mantel_pearson"]["noise"]
    return [
        {"kind": words, "weighted": _about(shown[kind]), "honest": _about(beside[kind])}
        for kind, words in NOISE_WORDS.items()
    ]


def _dropped(dropped: Mapping[str, list[str]]) -> list[str]:
    words = {"only_in_a": "the first matrix", "only_in_b": "the second matrix"}
    return [
        f"{count(len(ids), 'taxon')} in {words[side]} only: {', '.join(ids[:12])}"
        f"{' and more' if len(ids) > 12 else ''}."
        for side, ids in dropped.items()
        if ids
    ]


def _draw(summary: Mapping[str, Any]) -> dict[str, Drawing]:
    from phylolens.report.figures.audit import draw_audit
    from phylolens.report.figures.style import house_style, to_bytes

    entries = [(entry["title"], entry, False) for entry in summary["published"].values()]
    entries += [(MEANT[name], entry, True) for name, entry in summary["honest"].items()]
    rows = [
        {
            "title": title,
            "statistic": entry["statistic"],
            "null_histogram": entry["null_histogram"],
            "noise": entry["noise"]["gaussian"],
            "perfect": _perfect(entry),
            "honest": honest,
        }
        for title, entry, honest in entries
        if entry["statistic"] is not None and not entry.get("is_error")
    ]
    if not rows:
        return {}
    with house_style():
        canvases = {"wide": draw_audit(rows), "narrow": draw_audit(rows, narrow=True)}
        return {
            name: Drawing(f"audit-{name}", *to_bytes(figure), figure.get_figwidth())
            for name, figure in canvases.items()
        }


def _perfect(entry: Mapping[str, Any]) -> float | None:
    if entry["perfect"] is not None:
        return float(entry["perfect"])
    almost = entry["nearly_perfect"]
    return float(almost["mean"]) if almost else None
