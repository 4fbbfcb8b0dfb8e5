"""Scores of every class, a table a model: what a curator opens in a spreadsheet."""

from pathlib import Path

import pandas as pd

from phylolens.named_settings import file_name
from phylolens.results.classification import ClassificationResult
from phylolens.writing import write_csv

PREFIX = "per_class_"
COLUMNS = ("split", "rank", "label", "precision", "recall", "f1", "support")


def per_class_tables(result: ClassificationResult, first: str) -> dict[str, pd.DataFrame]:
    """Scores of every class that was tested or named, by model.

    Parameters
    ----------
    result : ClassificationResult
    first : str
        Name of the first split, whose scores stand at the top of the result.

    Returns
    -------
    dict of str to DataFrame
        Columns ``split``, ``rank``, ``label``, ``precision``, ``recall``, ``f1``, ``support``.
    """
    splits = {first: result, **(result.splits or {})}
    rows: dict[str, list[dict[str, object]]] = {}
    for name, split in splits.items():
        for model, ranks in split.models.items():
            rows.setdefault(model, []).extend(
                {"split": name, "rank": rank, **one.to_dict()}
                for rank, scores in ranks.items()
                for one in scores.per_class
            )
    return {model: pd.DataFrame(own, columns=COLUMNS) for model, own in rows.items()}


def write_per_class(folder: Path, first: str, result: ClassificationResult) -> None:
    """Write ``per_class_MODEL.csv`` for every model; remove those of models no longer tested."""
    tables = {
        f"{PREFIX}{file_name(model)}.csv": table
        for model, table in per_class_tables(result, first).items()
    }
    for path in folder.glob(f"{PREFIX}*.csv"):
        if path.name not in tables:
            path.unlink()
    for name, table in tables.items():
        write_csv(folder / name, table)
