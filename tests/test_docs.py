"""Documentation is true: code blocks run, the command reference is current, options exist."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


PYTHON = [(page.name, code) for page in PAGES for code in blocks(page, "python")]


@pytest.mark.parametrize(("page", "code"), PYTHON, ids=[page for page, _ in PYTHON])
def test_python_blocks_run(page: str, code: str) -> None:
    exec(compile(code, page, "exec"), {"__name__": "__docs__"})


def test_command_reference_is_current() -> None:
    spec = importlib.util.spec_from_file_location("make_cli", ROOT / "docs/make_cli.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "docs/cli.md").read_text(encoding="utf-8") == module.text(), "run 'make docs'"


def test_options_in_the_docs_exist() -> None:
    reference = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
    for page in PAGES:
        for block in blocks(page, "console"):
            for line in re.findall(r"^phylolens .*", block, re.MULTILINE):
                verb = line.split()[1]
                section = reference.split(f"## `phylolens {verb}`")[1].split("\n## ")[0]
                for option in re.findall(r"--[a-z-]+", line):
                    assert option in section, f"{page.name}: {line}"


def test_study_file_in_the_docs_is_valid() -> None:
    import tomllib

    from phylolens.pipeline.settings import make_settings

    (text,) = blocks(ROOT / "docs/formats.md", "toml")
    assert make_settings(tomllib.loads(text)).classify.models == ("default", "rf")


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.vision
@pytest.mark.parametrize("script", EXAMPLES, ids=[script.name for script in EXAMPLES])
def test_examples_run(script: Path, tmp_path: Path, picture: Callable[..., Path]) -> None:
    picture("photos/a.png", 1)
    arguments = ["photos", "store"] if script.name == "embed_folder.py" else []
    command = [sys.executable, str(script), *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    code = (
        "import sys, time; start = time.perf_counter(); sys.argv = ['phylolens', '--help'];"
        "from phylolens.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'torch', 'sklearn', 'pandas', 'skbio', 'matplotlib', 'onnxruntime'};"
        "print(sorted(heavy & set(sys.modules)), time.perf_counter() - start)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.splitlines()[-1]
    assert shown.startswith("[]"), f"--help imports {shown}"
