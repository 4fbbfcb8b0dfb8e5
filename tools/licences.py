"""List the licence of everything an install with torch brings; fail where one is not free to use.

Walks from PhyloLens and its extras ``vision`` and ``torch`` along what each package requires here.
``make licences`` prints one line a package: name, version, licence, and where that is stated.
GPL and AGPL fail (unless with an exception for linking), and so does a package that states nothing.
"""

import re
import sys
from collections import Counter
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT, EXTRAS = "phylolens", frozenset({"vision", "torch"})
LONGEST = 60  # characters; what is longer is the licence itself, not its name
NO_NAME = {"", "UNKNOWN", "OSI Approved"}
# Packages without any statement: what was found by hand.
BY_HAND = {
    "cuda-toolkit": "LicenseRef-NVIDIA-Proprietary",  # holds no file; what it requires is NVIDIA's
}
COPYLEFT = re.compile(r"\bA?GPL|\bGNU (Affero )?General Public", re.IGNORECASE)
LINKING = re.compile(r"GPL-[\d.]+(-only|-or-later)?\+? WITH (GCC|LLVM|Classpath)[\w.-]*")


def installed(root: str, extras: frozenset[str]) -> dict[str, Distribution]:
    """Find what ``root`` with its extras requires on this machine, by canonical name."""
    found: dict[str, Distribution] = {}
    done: set[tuple[str, str]] = set()
    left = [(root, extra) for extra in ("", *extras)]
    while left:
        name, extra = left.pop()
        if (canonicalize_name(name), extra) in done:
            continue
        done.add((canonicalize_name(name), extra))
        here = found.setdefault(canonicalize_name(name), distribution(name))
        for requirement in map(Requirement, here.requires or []):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                left += [(requirement.name, wanted) for wanted in ("", *requirement.extras)]
    return found


def licence(package: Distribution) -> tuple[str, str]:
    """Return the licence a package states, and where: blank where it states none."""
    told = package.metadata
    by_hand = BY_HAND.get(canonicalize_name(package.name), "")
    classifiers = [c.split(" :: ")[-1] for c in told.get_all("Classifier", []) if "License ::" in c]
    stated = (
        (told.get("License-Expression", ""), "expression"),
        ("; ".join(name for name in classifiers if name not in NO_NAME), "classifier"),
        (_short(told.get("License", "")), "field"),
        (_first_line(package), "file"),
        (by_hand, "by hand"),
    )
    return next(((name, where) for name, where in stated if name not in NO_NAME), ("", ""))


def _short(text: str) -> str:
    line = text.strip().splitlines()[0].strip() if text.strip() else ""
    return line if len(line) <= LONGEST and "opyright" not in line else ""


def _first_line(package: Distribution) -> str:
    """Name the licence whose text the package brings."""
    for path in package.files or []:
        if ".dist-info" in str(path) and re.match(r"LICEN[CS]E|COPYING", path.name, re.IGNORECASE):
            found = _short(path.read_text(encoding="utf-8"))
            if re.search(r"licen[cs]e", found, re.IGNORECASE):
                return found
    return ""


def refused(name: str) -> str:
    """Say why a licence is refused; blank where it is not."""
    if not name:
        return "states no licence"
    alternatives = re.split(r"\s+OR\s+", name.strip("()"))
    if all(COPYLEFT.search(LINKING.sub("", each)) for each in alternatives):
        return "is copyleft beyond its own code"
    return ""


def main() -> int:
    """Print the table; 1 where something is refused."""
    try:
        packages = installed(ROOT, EXTRAS)
    except PackageNotFoundError as error:
        print(f"not installed: {error}", file=sys.stderr)
        return 1
    rows = [(name, found.version, *licence(found)) for name, found in sorted(packages.items())]
    for name, version, stated, where in rows:
        print(f"{name:34}{version:22}{stated}  [{where}]")
    print()
    for stated, count in Counter(stated for *_, stated, _ in rows).most_common():
        print(f"{count:4}  {stated or 'none stated'}")
    wrong = [f"{name}: {why}" for name, _, stated, _ in rows if (why := refused(stated))]
    print(f"\n{len(rows)} packages; refused: {', '.join(wrong) or 'none'}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
