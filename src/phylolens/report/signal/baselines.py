"""What is known without a picture, beside what the pictures show."""

from typing import Any

from phylolens.report.wording import number


def about_baselines(found: dict[str, Any]) -> list[dict[str, str]]:
    """Rows of the table: correlations with genetic distance that need no picture."""
    named = (
        ("taxonomy_only", "taxonomy alone", "no pictures; steps over "),
        ("row_means", "row means", "no pictures; each taxon's mean genetic distance, in-sample"),
    )
    rows = []
    for key, name, note in named:
        if key in found:
            ranks = ", ".join(found[key].get("ranks") or [])
            spearman = number(found[key]["spearman"]) if "spearman" in found[key] else "–"
            rows.append(
                {
                    "name": name,
                    "note": note + (ranks if note.endswith(" ") else ""),
                    "pearson": number(found[key].get("pearson")),
                    "spearman": spearman,
                }
            )
    return rows
