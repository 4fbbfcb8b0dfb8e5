"""Documentation is true: blocks run and print what is shown, options exist, the site builds."""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent


def script(name: str) -> ModuleType:
    """Load a script of the documentation."""
    spec = importlib.util.spec_from_file_location(name, ROOT / f"docs/{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RUN = script("run_blocks")
PAGES: list[Path] = RUN.pages()


def blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


WITH_PYTHON = [page for page in PAGES if blocks(page, "python")]
NEED_IMAGES = ("docs/tutorials/curator.md",)


@pytest.mark.parametrize("page", WITH_PYTHON, ids=name_of)
def test_python_blocks_run_and_print_what_the_page_shows(page: Path) -> None:
    if name_of(page) in NEED_IMAGES:
        pytest.importorskip("onnxruntime")
    for shown, printed in RUN.outputs(page):
        assert not shown or RUN.same(shown, printed), printed


def test_outputs_are_compared_by_words_and_nearly_by_numbers() -> None:
    assert RUN.same("K = 0.511, 7 taxa", "K =  0.512, 7 taxa")
    assert not RUN.same("K = 0.511", "K = 0.551")
    assert not RUN.same("7 taxa", "8 taxa")


def test_command_reference_is_current() -> None:
    text = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
    assert text == script("make_cli").text(), "run 'make docs'"


FILES = list(script("make_formats").files())


@pytest.mark.parametrize(("path", "text"), FILES, ids=[path.name for path, _ in FILES])
def test_keys_and_schemas_of_the_results_are_current(path: Path, text: str) -> None:
    assert path.read_text(encoding="utf-8") == text, "run 'make docs'"


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
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_page_is_in_the_navigation() -> None:
    listed = set(re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text(encoding="utf-8")))
    there = {page.relative_to(ROOT / "docs").as_posix() for page in PAGES[1:]}
    assert listed == there


def test_every_public_name_has_a_place_in_the_reference() -> None:
    import phylolens

    pages = sorted((ROOT / "docs/reference").glob("*.md"))
    named = [name for page in pages for name in re.findall(r"^::: phylolens\.(\w+)$",
             page.read_text(encoding="utf-8"), re.MULTILINE)]  # fmt: skip
    assert sorted(named) == sorted(set(phylolens.__all__) - {"__version__"})


def test_works_cited_in_the_docs_are_in_the_bibliography() -> None:
    hooks = script("hooks")
    cited = re.compile(r"[A-Z]\w+(?: et al\.|(?:, [A-Z]\w+)*\s+&\s+[A-Z]\w+)?\s+(?:19|20)\d\d\b")
    text = (ROOT / "docs/theory.md").read_text(encoding="utf-8")
    assert len(cited.findall(text)) > 20
    left = re.sub(r"\[[^]]*\]\(#\w+\)", "", hooks.linked(text, ""))
    assert cited.findall(left) == []


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("material")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=quiet, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    loaded = re.compile(
        r'<(?:script|img|iframe)[^>]*src="(?:https?:)?//|<link[^>]*href="(?:https?:)?//'
    )
    for page in tmp_path.rglob("*.html"):
        assert not loaded.search(page.read_text(encoding="utf-8")), page.name


EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.vision
@pytest.mark.parametrize("script", EXAMPLES, ids=[script.name for script in EXAMPLES])
def test_examples_run(script: Path, tmp_path: Path, image: Callable[..., Path]) -> None:
    image("photos/a.png", 1)
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
