"""Which results were made here: a report opens image files only where it may.

``specimens.parquet`` names image files anywhere on the disk, and whoever passes a results folder on
could name a file of the reader's. The run that writes the table therefore signs it with a key of
its user's; a report of a table without that signature shows only images below the results folder,
or below the folders given to it.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from phylolens.embedding.cache import cache_folder

SIGNATURE = "specimens.signature"
_KEY = "results.key"
_KEY_BYTES = 32


def sign(table: Path) -> None:
    """Write the signature of a table beside it; without a cache folder there is none."""
    with suppress(OSError, RuntimeError):  # no cache folder, or no home to have one in
        digest = _signature(table, _key(make=True))
        table.with_name(SIGNATURE).write_text(f"{digest}\n", encoding="ascii")


def is_own(table: Path) -> bool:
    """Whether a table was signed by this user on this machine and is unchanged."""
    try:
        written = table.with_name(SIGNATURE).read_text(encoding="ascii").strip()
        return hmac.compare_digest(written, _signature(table, _key(make=False)))
    except (OSError, ValueError, RuntimeError):
        return False


def allowed(path: Path, roots: Sequence[Path]) -> bool:
    """Whether a file, its links followed, lies below one of ``roots``."""
    try:
        real = path.resolve()
        return any(real.is_relative_to(root.resolve()) for root in roots)
    except (OSError, RuntimeError, ValueError):
        return False


def _signature(table: Path, key: bytes) -> str:
    return hmac.new(key, table.read_bytes(), hashlib.sha256).hexdigest()


def _key(*, make: bool) -> bytes:
    path = cache_folder() / _KEY
    if make and not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError), path.open("xb") as stream:
            path.chmod(0o600)
            stream.write(secrets.token_bytes(_KEY_BYTES))
    content = path.read_bytes()
    if len(content) != _KEY_BYTES:
        raise ValueError("not a key")
    return content
