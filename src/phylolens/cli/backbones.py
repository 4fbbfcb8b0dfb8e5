"""``phylolens backbones``."""

from phylolens.cli import _options as o
from phylolens.cli._console import show


def command(json: o.Json = False) -> None:
    """List feature extractors: size, licence, where weights come from, whether they are here."""
    from phylolens.embed import backbone_table

    rows = backbone_table()
    if json:
        show({"backbones": rows}, json=True)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("name", "features", "input", "licence", "weights", "present")
    for row in rows:
        cells = (row["name"], row["feature_size"], row["input_size"], row["licence"])
        table.add_row(*map(str, cells), str(row["weights"]), "yes" if row["present"] else "no")
    Console().print(table)
