"""How long work reports how far it is: a callback ``(task, done, total)``, silent by default."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]


def silent(task: str, done: int, total: int) -> None:
    """Report nothing."""
