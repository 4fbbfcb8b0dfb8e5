"""Verbs load no library that they do not use."""

import json
import subprocess
import sys

import pandas as pd
import pytest

FAMILIES = [f"Family{letter}" for letter in "ABCDEFGH"]
SKBIO = (
    "import json, sys\n"
    "import phylolens, skbio\n"
    "light = 'torch' not in sys.modules\n"
    "import skbio.util._testing as helper, torch\n"
    "print(json.dumps([light, list(helper._BACKENDS), torch.zeros(2).sum().item()]))"
)


def loaded(*arguments, cwd):
    """Run a verb in a process of its own; return its exit code and the heavy libraries loaded."""
    code = (
        "import json, sys\n"
        f"sys.argv = ['phylolens', *{list(map(str, arguments))!r}]\n"
        "from phylolens.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: code = end.code\n"
        "heavy = {'torch', 'sklearn', 'imblearn', 'onnxruntime', 'onnx', 'matplotlib', 'timm'}\n"
        "print(json.dumps([code, sorted(heavy & set(sys.modules))]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=cwd
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def inputs(write, tmp_path):
    """Features of two images a family, and a tree of the families."""
    files = [f"{family}{number}.jpg" for family in FAMILIES for number in range(2)]
    table = pd.DataFrame({"file": files, "family": [name[:7] for name in files]})
    write("meta.csv", table.to_csv(index=False))
    features = table[["file"]].assign(
        one=range(16), two=[(7 * n) % 5 for n in range(16)], three=[n % 3 for n in range(16)]
    )
    write("features.csv", features.to_csv(index=False))
    a, b, c, d, e, f, g, h = FAMILIES
    pairs = [f"({a}:1,{b}:1):1", f"({c}:1,{d}:1):1", f"({e}:1,{f}:1):1", f"({g}:1,{h}:1):1"]
    write("tree.nwk", f"(({pairs[0]},{pairs[1]}):1,({pairs[2]},{pairs[3]}):1);")
    names = {"--meta": "meta.csv", "--features": "features.csv", "--tree": "tree.nwk"}
    paths = [text for name, file in names.items() for text in (name, str(tmp_path / file))]
    return [*paths, "--rank", "family", "--out", str(tmp_path / "out")]


def test_check_loads_neither_torch_nor_scikit_learn(inputs, tmp_path):
    assert loaded("check", *inputs, cwd=tmp_path) == [0, []]


def test_signal_of_features_loads_neither_torch_nor_scikit_learn(inputs, tmp_path):
    assert loaded("signal", *inputs, "--permutations", "99", cwd=tmp_path) == [0, []]
    assert (tmp_path / "out/signal/signal.json").is_file()


@pytest.mark.parametrize("verb", ["check", "embed", "classify", "guide", "signal", "run"])
def test_help_of_a_verb_loads_nothing_heavy(verb, tmp_path):
    assert loaded(verb, "--help", cwd=tmp_path) == [0, []]


def test_torch_is_kept_out_of_scikit_bio_alone():
    """Its testing helper sees no torch; who imports torch gets it."""
    pytest.importorskip("torch")
    done = subprocess.run([sys.executable, "-c", SKBIO], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [True, ["numpy"], 0.0]


def test_torch_that_is_loaded_already_stays_for_scikit_bio():
    pytest.importorskip("torch")
    code = SKBIO.replace("import phylolens", "import torch, phylolens")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [False, ["numpy", "torch"], 0.0]
