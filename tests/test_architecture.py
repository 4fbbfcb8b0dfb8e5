"""Imports point down only; light parts stay light; nothing is ever unpickled."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "phylolens"
# Packages import those after them, never those before (files at the top count as packages of one).
ORDER = (
    "cli",
    "pipeline",
    "report",
    "paradigms",
    "placement",
    "guided",
    "classification",
    "stats",
    "simulation",
    "embedding",
    "phylogeny",
    "specimens",
    "images",
    "taxonomy",
    "rank_names",
    "results",
    "random",
    "provenance",
    "values",
    "writing",
    "reading",
    "progress",
    "named_settings",
    "errors",
    "_skbio",
)
NO_PICTURES = ("torch", "torchvision", "timm", "PIL", "onnxruntime")
PICKLES = ("pickle", "cPickle", "cloudpickle", "dill", "shelve", "marshal")
ONLY_OPENER = "images/opening.py"
OPENERS = ("cv2", "imageio", "skimage.io", "tifffile", "torchvision.io", "matplotlib.image.imread")
FILES = sorted(SOURCE.rglob("*.py"))


def part_of(path: Path) -> str:
    """First name below the package: ``stats/mantel.py`` is part of ``stats``."""
    relative = path.relative_to(SOURCE)
    return relative.parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[str]:
    """Dotted names imported anywhere in a module, also inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def parts_imported(tree: ast.AST) -> set[str]:
    names = {tuple(name.split(".")) for name in imports(tree)}
    return {name[1] for name in names if name[0] == "phylolens" and len(name) > 1}


def forbidden(part: str, others: set[str]) -> set[str]:
    assert part in ORDER, f"'{part}' has no place yet: add it to ORDER, where it belongs"
    return {other for other in others - {part} if ORDER.index(other) <= ORDER.index(part)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_imports_point_down(path):
    if part_of(path) == "__init__":
        return  # the public names, imported when used
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert forbidden(part_of(path), parts_imported(tree)) == set()


def test_an_import_upwards_would_be_caught():
    tree = ast.parse("def late():\n    from phylolens.stats import mantel\n")
    assert forbidden("phylogeny", parts_imported(tree)) == {"stats"}
    assert forbidden("guided", parts_imported(tree)) == set()
    assert forbidden("classification", {"guided"}) == {"guided"}


def module_name(path: Path) -> str:
    """``stats/mantel.py`` as ``phylolens.stats.mantel``."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(("phylolens", *parts)).removesuffix(".__init__")


def modules_imported(tree: ast.AST, known: set[str]) -> set[str]:
    """Modules of our own that a file names in its imports, wherever they stand."""
    found = set()
    for name in imports(tree):
        while name and name not in known:
            name = name.rpartition(".")[0]
        found.add(name)
    return found & known - {"phylolens"}


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a ring, or none."""
    done: set[str] = set()

    def walk(module: str, way: list[str]) -> list[str]:
        if module in way:
            return way[way.index(module) :]
        if module in done:
            return []
        for other in sorted(graph[module] - {module}):
            if found := walk(other, [*way, module]):
                return found
        done.add(module)
        return []

    return next((found for module in sorted(graph) if (found := walk(module, []))), [])


# Files that load torch where they begin, and what the command line writes JSON with (pandas).
HEAVY = {
    "classification.rank_training",
    "embedding.threads",
    "embedding.torch_model",
    "embedding.tuning",
    "guided.learners.metric_head",
    "guided.learners.metric_losses",
    "paradigms.clip_towers",
    "paradigms.episodes",
    "paradigms.generative",
    "paradigms.graph",
    "paradigms.policies",
    "paradigms.preferences",
    "paradigms.towers",
    "paradigms.self_supervised.backbone",
    "paradigms.self_supervised.checkpoint",
    "paradigms.self_supervised.head",
    "paradigms.self_supervised.training",
    "writing",
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_own_files_are_imported_at_the_top(path):
    """Only what is heavy waits until a function needs it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    late = {
        node.module.removeprefix("phylolens.")
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("phylolens")
    }
    assert late <= HEAVY


def test_no_file_imports_in_a_circle():
    """Every import counts: at the top, inside functions, and those for types alone."""
    trees = {module_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
    known = set(trees)
    assert circle({name: modules_imported(tree, known) for name, tree in trees.items()}) == []


def test_a_circle_would_be_found():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c"]
    assert circle({"a": {"b"}, "b": {"c"}, "c": set()}) == []


@pytest.mark.parametrize("part", ["stats", "phylogeny", "taxonomy", "values", "errors"])
def test_statistics_know_no_pictures(part):
    for path in FILES:
        if part_of(path) == part:
            names = imports(ast.parse(path.read_text(encoding="utf-8")))
            assert {name.split(".")[0] for name in names}.isdisjoint(NO_PICTURES), path


def unsafe(tree: ast.AST) -> list[str]:
    """Ways to run a stranger's code by reading a file."""
    found = [name for name in imports(tree) if name.split(".")[0] in PICKLES]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        call = ast.unparse(node.func)
        options = {key.arg: ast.unparse(key.value) for key in node.keywords}
        if call.endswith(("_pickle", "joblib.load", "joblib.dump")):
            found.append(call)
        if call == "torch.load" and options.get("weights_only") != "True":
            found.append(call)
        if options.get("allow_pickle", "False") != "False":
            found.append(call)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_nothing_is_pickled(path):
    assert unsafe(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path, allow_pickle=True)",
        "table.to_pickle(path)",
        "joblib.load(path)",
    ],
)
def test_unsafe_lines_would_be_caught(line):
    assert unsafe(ast.parse(line))


def writes_csv(tree: ast.AST) -> list[str]:
    """Ways past :func:`phylolens.writing.write_csv`, where cells are escaped."""
    calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in calls if call.endswith((".to_csv", "csv.writer", ".DictWriter"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_one_place_writes_csv(path):
    found = writes_csv(ast.parse(path.read_text(encoding="utf-8")))
    assert found == (["safe.to_csv"] if path.name == "writing.py" else [])


def test_another_csv_writer_would_be_caught():
    for line in ("table.to_csv(path)", "csv.writer(file)", "csv.DictWriter(file, names)"):
        assert writes_csv(ast.parse(line))


def image_openings(tree: ast.AST) -> list[str]:
    """Ways to have a library open an image file, which may hand it to an interpreter."""
    found = [name for name in imports(tree) if name.startswith(OPENERS)]
    local = {alias for alias, name in aliases(tree) if name in ("PIL.Image", "PIL.Image.open")}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        call = ast.unparse(node.func)
        of, _, name = call.rpartition(".")
        is_pillow = of in local or of.endswith(("PIL.Image", ".Image")) or of == "Image"
        if (name == "open" and is_pillow) or call in local - {"Image"}:
            found.append(call)
        if name in ("imread", "read_image", "pil_loader", "default_loader", "decode_image"):
            found.append(call)
        if name == "Parser" and of.endswith("ImageFile"):
            found.append(call)
    return found


def aliases(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Names in a module and what they stand for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((name.asname or name.name, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((n.asname or n.name, f"{node.module}.{n.name}") for n in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_images_are_opened_in_one_place(path):
    found = image_openings(ast.parse(path.read_text(encoding="utf-8")))
    inside = path.relative_to(SOURCE).as_posix() == ONLY_OPENER
    assert found == (["Image.open"] if inside else [])


def test_the_opener_names_the_format():
    """Without a format Pillow asks all its readers, that of PostScript among them."""
    tree = ast.parse((SOURCE / ONLY_OPENER).read_text(encoding="utf-8"))
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)]
    openings = [n for n in calls if ast.unparse(n.func) == "Image.open"]
    assert [key.arg for call in openings for key in call.keywords] == ["formats"]


@pytest.mark.parametrize(
    "line",
    [
        "from PIL import Image\nImage.open(path)",
        "from PIL import Image as P\nP.open(path)",
        "import PIL.Image\nPIL.Image.open(path)",
        "from PIL.Image import open as look\nlook(path)",
        "plt.imread(path)",
        "from matplotlib.image import imread",
        "import cv2",
        "ImageFile.Parser()",
        "torchvision.io.read_image(path)",
    ],
)
def test_other_openings_would_be_caught(line):
    assert image_openings(ast.parse(line))
