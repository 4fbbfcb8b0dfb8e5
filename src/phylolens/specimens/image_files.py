"""Find the image files below a folder, and say which files were not read and why.

Links to folders are followed, each folder once; folders that are really there come before links to
them. Results of an earlier run are not searched: their figures are no specimens.
"""

import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from phylolens.errors import InputError, Problem
from phylolens.images import IMAGE_ENDINGS, advice
from phylolens.reading.text import system_fault

OF_RESULTS = ("check.json", "run.json")  # what a results folder holds
LONGEST_PATH = 1024
BOOKKEEPING = ("thumbs.db", "desktop.ini", "__macosx")
MOST_ENDINGS = 8  # named one by one


@dataclass
class ImageFiles:
    """What lies below a folder; names are relative to it, with ``/`` between their parts.

    Parameters
    ----------
    folder : Path
        The folder.
    paths : dict of str to Path
        Image files by name, sorted.
    unread : list of str
        Files that look like images but are of formats not read.
    others : list of str
        Files that are no images.
    hidden : list of str
        Hidden files with the ending of an image.
    bad_names : list of str
        Image files whose names are no text.
    dangling, repeated, lost_links : list of str
        Links to what is not there; links to folders that were read already; files that hold the
        path of a folder, as links do after some copies: they are followed.
    closed : list of str
        Folders that could not be opened.
    results : list of str
        Folders of earlier results.
    """

    folder: Path
    paths: dict[str, Path] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    bad_names: list[str] = field(default_factory=list)
    dangling: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    lost_links: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was not read, each kind once."""
        return tuple(_problems(self))


@dataclass(order=True)
class _Place:
    """A folder to search: what the labels come from, and where it is."""

    name: str
    path: str

    def below(self, name: str) -> str:
        return f"{self.name}/{name}" if self.name else name


def find_images(folder: Path, results: Path | None = None) -> ImageFiles:
    """List the images below a folder.

    Parameters
    ----------
    folder : Path
        Where to search.
    results : Path, optional
        Results directory, which is not searched.

    Raises
    ------
    InputError
        If there are none; what lies there instead is said.
    """
    found = ImageFiles(folder)
    _walk(found, results.resolve() if results is not None else None)
    found.paths = dict(sorted(found.paths.items()))
    for names in (found.unread, found.others, found.hidden, found.bad_names, found.dangling,
                  found.repeated, found.lost_links, found.closed, found.results):  # fmt: skip
        names.sort()
    if not found.paths:
        raise _nothing(found)
    return found


def _walk(found: ImageFiles, results: Path | None) -> None:
    """Search folders that are really there first, then links to folders, each place once."""
    been: set[tuple[int, int]] = set()
    real, links = deque([_Place("", str(found.folder))]), list[_Place]()
    while real or links:
        if not real:
            links.sort(reverse=True)
        place = real.popleft() if real else links.pop()
        try:
            status = os.stat(place.path)
            identity = status.st_dev, status.st_ino
            if identity in been:
                found.repeated.append(_shown(place.name))
                continue
            if results is not None and Path(place.path).resolve() == results:
                continue
            been.add(identity)
            with os.scandir(place.path) as listing:
                entries = list(listing)
        except OSError as error:
            found.closed.append(f"{_shown(place.name) or '.'} ({system_fault(error)})")
            continue
        if place.name and _is_results(entries):
            found.results.append(_shown(place.name))
            continue
        for entry in entries:
            _sort(found, entry, place, real, links)


def _sort(
    found: ImageFiles,
    entry: os.DirEntry[str],
    place: _Place,
    real: deque[_Place],
    links: list[_Place],
) -> None:
    """Put one entry of a folder where it belongs."""
    name = place.below(entry.name)
    is_hidden = entry.name.startswith(".") or entry.name.casefold() in BOOKKEEPING
    if _is_folder(entry):
        if not is_hidden:
            (links if entry.is_symlink() else real).append(_Place(name, entry.path))
        return
    is_image = os.path.splitext(entry.name)[1].lower() in IMAGE_ENDINGS
    if is_hidden:
        if is_image and not entry.name.startswith("._"):  # a Mac's companion of a file is none
            found.hidden.append(_shown(name))
    elif entry.is_symlink() and not os.path.exists(entry.path):
        found.dangling.append(_shown(name))
    elif not _is_text(name):
        (found.bad_names if is_image else found.others).append(_shown(name))
    elif is_image:
        found.paths[name] = Path(entry.path)
    elif target := _lost_link(entry):
        found.lost_links.append(name)
        links.append(_Place(name, target))
    else:
        (found.unread if advice(entry.name) else found.others).append(name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads back to itself
        return False


def _lost_link(entry: os.DirEntry[str]) -> str:
    """Return the folder whose path is all that a small file holds; empty for other files."""
    if os.path.splitext(entry.name)[1][1:].isalpha():  # .txt, .csv, ...
        return ""
    try:
        if not entry.is_file() or entry.stat().st_size > LONGEST_PATH:
            return ""
        target = os.fsdecode(Path(entry.path).read_bytes()).strip("\r\n")
        place = os.path.join(os.path.dirname(entry.path), target)
        return place if "/" in target and os.path.isdir(place) else ""
    except (OSError, ValueError):
        return ""


def _is_results(entries: Iterable[os.DirEntry[str]]) -> bool:
    names = {entry.name for entry in entries}
    return all(name in names for name in OF_RESULTS)


def _is_text(name: str) -> bool:
    """Whether a name can be written into a file; bytes that are no UTF-8 cannot."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _shown(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def by_ending(names: Iterable[str]) -> str:
    """Count files by ending, the most frequent first: ``12 .heic, 3 .nef``."""
    counts = Counter(os.path.splitext(name)[1].lower() or "without ending" for name in names)
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    rest = sum(count for _, count in ranked[MOST_ENDINGS:])
    shown = [f"{count:,} {ending}" for ending, count in ranked[:MOST_ENDINGS]]
    return ", ".join([*shown, f"{rest:,} others"] if rest else shown)


def _problems(found: ImageFiles) -> Iterator[Problem]:
    if found.bad_names:
        message = "image files whose names are not UTF-8; rename them"
        yield Problem("unreadable-name", "error", message, tuple(found.bad_names))
    if found.dangling:
        message = "links to files or folders that are not there"
        yield Problem("broken-link", "warning", message, tuple(found.dangling))
    if found.lost_links:
        message = "files that hold the path of a folder: taken as links to it, lost in a copy"
        yield Problem("lost-link", "note", message, tuple(found.lost_links))
    if found.closed:
        message = "folders that could not be opened"
        yield Problem("unreadable-folder", "error", message, tuple(found.closed))
    if found.unread:
        message = f"files in formats that are not read: {by_ending(found.unread)}. {_cures(found)}"
        yield Problem("unread-files", "warning", message.rstrip(), tuple(found.unread))
    if found.hidden:
        message = "hidden images are not read"
        yield Problem("hidden-images", "note", message, tuple(found.hidden))
    if found.repeated:
        message = "links to folders that were read already are not followed"
        yield Problem("repeated-folder", "warning", message, tuple(found.repeated))
    if found.results:
        message = "folders with results of an earlier run are not searched"
        yield Problem("results-in-images", "note", message, tuple(found.results))
    if found.others:
        message = f"files that are no images are not read: {by_ending(found.others)}"
        yield Problem("other-files", "note", message, tuple(found.others))


def _cures(found: ImageFiles) -> str:
    """Advice on each format that lies there, once."""
    endings: dict[str, list[str]] = {}
    for name in found.unread:
        ending = os.path.splitext(name)[1].lower()
        cure = advice(name).partition("not read: ")[2]
        if ending not in endings.setdefault(cure, []):
            endings[cure].append(ending)
    return "; ".join(f"{', '.join(sorted(names))}: {cure}" for cure, names in endings.items())


def _nothing(found: ImageFiles) -> InputError:
    """Say that there are no images, and what there is instead."""
    there = [*found.unread, *found.others]
    problem = f"no images ({', '.join(IMAGE_ENDINGS[:9])}, ...) in this folder"
    if there:
        problem += f"; it holds {by_ending(there)}"
    for names, what in (
        (found.bad_names, "images with names that are not UTF-8"),
        (found.dangling, "links to what is not there"),
        (found.hidden, "hidden images"),
        (found.closed, "folders that cannot be opened"),
        (found.results, "folders with results of an earlier run, which are not searched"),
    ):
        if names:
            problem += f"; {len(names)} {what}"
    cures = _cures(found)
    hint = f"{cures[:1].upper()}{cures[1:]}." if cures else "Give the folder that holds the images."
    return InputError(f"{problem}.", where=found.folder, ids=found.unread[:5], hint=hint)
