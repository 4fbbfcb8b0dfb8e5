"""The public door: every name is there, stays what it was, and takes whatever users hold."""

import ast
import doctest
import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpydoc.validate import validate
from scipy.spatial.distance import pdist
from skbio import DistanceMatrix, TreeNode
from sklearn.utils.estimator_checks import parametrize_with_checks

import phylolens as pl
from phylolens.errors import InputError, TooFew

NEWICK = "(((a:1,b:1):1,c:2):1,((d:1,e:1):1,(f:1.5,g:1.5):0.5):1);"
NAMES = list("abcdefg")


@pytest.fixture
def visual() -> DistanceMatrix:
    places = np.random.default_rng(1).normal(size=(7, 3)) + np.repeat([0, 2], [3, 4])[:, None]
    return pl.as_distances(pdist(places), ids=NAMES)


def test_every_name_is_read_twice_and_stays_what_it_was():
    code = (
        "import phylolens, importlib, pkgutil\n"
        "first = {n: getattr(phylolens, n) for n in phylolens.__all__}\n"
        "for m in pkgutil.walk_packages(phylolens.__path__, 'phylolens.'):\n"
        "    importlib.import_module(m.name)\n"
        "changed = [n for n, v in first.items() if getattr(phylolens, n) is not v]\n"
        "assert not changed, changed\n"
        "assert set(phylolens.__all__) <= set(dir(phylolens))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_public_function_has_the_name_of_a_package():
    packages = {path.parent.name for path in Path(pl.__file__).parent.glob("*/__init__.py")}
    assert not packages & set(pl.__all__)


def test_the_stub_names_the_same():
    stub = ast.parse(Path(pl.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    named = {a.asname for node in stub.body if isinstance(node, ast.ImportFrom) for a in node.names}
    assert named | {"__version__"} == set(pl.__all__)


def test_nothing_heavy_is_imported_at_the_door():
    code = "import sys, phylolens; assert not {'torch', 'sklearn', 'skbio'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


NAMES_DOCUMENTED = [name for name in pl.__all__ if name != "__version__"]
# What numpydoc asks for and a short docstring does without.
NOT_ASKED = {
    "ES01",  # a second paragraph, where the first line says it all
    "SA01",  # "See Also": the reference pages stand side by side
}
OF_A_METHOD = {"EX01"}  # the example of the class shows it
OF_FIELDS = {"PR01"}  # pydantic: every field is described where it is declared (docs/formats.md)


def methods(name: str) -> list[str]:
    """Public methods that are our own; those of scikit-learn are documented there."""
    kind = getattr(pl, name)
    own = vars(kind) if inspect.isclass(kind) else {}
    inherited = ("_", "set_", "model_")  # of scikit-learn and pydantic
    return [f"{name}.{key}" for key, value in own.items()
            if inspect.isfunction(value) and not key.startswith(inherited)]  # fmt: skip


@pytest.mark.parametrize("name", NAMES_DOCUMENTED)
def test_public_docstrings_pass_numpydoc(name):
    found = []
    for each in (name, *methods(name)):
        skipped = NOT_ASKED | (OF_A_METHOD if "." in each else set())
        fields = hasattr(getattr(pl, name), "model_fields")
        skipped |= OF_FIELDS if each == name and fields else set()
        errors = validate(f"phylolens.{each}")["errors"]
        found += [f"{each}: {code} {said}" for code, said in errors if code not in skipped]
    assert found == []


STATISTICS = ("kmult", "mantel", "protest", "distance_correlation", "lambda_score", "pagel_lambda")


@pytest.mark.parametrize("name", STATISTICS)
def test_statistics_take_whatever_holds_distances_and_a_tree(name, visual, tmp_path):
    statistic = getattr(pl, name)
    table = visual.to_data_frame()
    mixed = table.iloc[::-1, ::2].join(table.iloc[::-1, 1::2])
    table.to_csv(tmp_path / "visual.csv")
    (tmp_path / "tree.nwk").write_text(NEWICK)
    tree = TreeNode.read([NEWICK])
    found = [
        statistic(one, other, permutations=19)
        for one, other in (
            (visual, tree),
            (mixed, NEWICK),
            (str(tmp_path / "visual.csv"), tmp_path / "tree.nwk"),
        )
    ]
    values = [getattr(one, "statistic", getattr(one, "value", None)) for one in found]
    np.testing.assert_allclose(values, values[0], rtol=1e-6)


def test_tips_that_are_not_compared_are_named(visual):
    kept = visual.filter(NAMES[:-1])
    with pytest.warns(UserWarning, match=r"not compared \(1\): 'g'"):
        pl.kmult(kept, NEWICK, permutations=9)
    with pytest.raises(InputError, match="without a tip"):
        pl.mantel(visual, "((a:1,b:1):1,c:2);")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.ones((3, 3)), "as many ids; got none"),
        (np.ones((3, 2)), "square"),
        (np.ones(4), "not the pairs"),
        (pd.DataFrame(np.zeros((2, 2)), list("ab"), list("ac")), "same names"),
        ([[0, 1], [1, 0]], "got list"),
        (3, "got int"),
    ],
)
def test_what_holds_no_distances_is_refused(value, words):
    with pytest.raises(InputError, match=words):
        pl.as_distances(value, ids=None)


@pytest.mark.parametrize("value", [3, "((a:1,b:1", "((a,b),c);", "((a:1,a:1):1,c:1);"])
def test_what_is_no_tree_is_refused(value):
    with pytest.raises(InputError):
        pl.as_tree(value)


def test_results_print_as_vegan_prints(visual):
    shown = repr(pl.mantel(visual, NEWICK, permutations=99)).splitlines()
    assert shown[0] == "Mantel test, Pearson, 7 taxa"
    assert shown[1].startswith("r = 0.")
    assert shown[2].startswith("Significance: ")
    assert shown[5].split() == ["90%", "95%", "97.5%", "99%"]
    assert shown[-1] == "Permutations: 5040 (all orders)"
    assert "<pre>" in pl.mantel(visual, NEWICK)._repr_html_()
    assert "Axes compared" in repr(pl.protest(visual, NEWICK, permutations=9))


@parametrize_with_checks(
    [
        pl.HierarchicalClassifier("prototype", calibrate=False),
        pl.HierarchicalClassifier("lda", calibrate=False),
    ]
)
def test_scikit_learn_accepts_the_classifier(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def shells():
    rng = np.random.default_rng(0)
    species = np.repeat(np.arange(8), 15)
    lineages = pd.DataFrame(
        {
            "family": np.array(["Arcidae", "Veneridae"])[species // 4],
            "genus": [f"g{k // 2}" for k in species],
            "species": [f"s{k}" for k in species],
        }
    )
    centres = rng.normal(size=(8, 12)) + 3 * rng.normal(size=(2, 12))[np.arange(8) // 4]
    return centres[species] + 0.5 * rng.normal(size=(120, 12)), lineages


def test_a_classifier_answers_at_every_rank_and_knows_when_not_to(shells):
    X, lineages = shells
    model = pl.HierarchicalClassifier("lda", seed=1).fit(X, lineages)
    assert model.why_not_calibrated_ == ""
    assert model.score(X, lineages) > 0.9
    fine, coarse = model.predict_proba(X), model.predict_proba(X, rank="family")
    for taxon, family in dict(zip(lineages["species"], lineages["family"], strict=True)).items():
        assert (coarse[family] >= fine[taxon] - 1e-6).all()
    far = np.full((1, 12), 50.0) * np.sign(X[:1])
    assert model.novelty(-X[:5]).mean() > model.novelty(X[:5]).mean()
    known, unknown = model.predict_set(X[:20]), model.predict_set(-far)
    assert (known["rank"].notna()).mean() > 0.5
    assert len(unknown["taxa"][0]) >= len(known["taxa"][0])


def test_without_calibration_there_are_no_sets(shells):
    X, lineages = shells
    model = pl.HierarchicalClassifier("lda", calibrate=False).fit(X, lineages)
    with pytest.raises(InputError, match="not calibrated"):
        model.predict_set(X)
    with pytest.raises(InputError, match="no rank 'order'"):
        model.predict_proba(X, rank="order")


def test_a_guided_embedding_is_judged_on_clades_held_out():
    rng = np.random.default_rng(3)
    clade = np.repeat(np.arange(8), 3)
    steps = (clade[:, None] != clade) * 2.0 + (clade[:, None] // 2 != clade // 2) * 2.0 + 1.0
    np.fill_diagonal(steps, 0)
    names = [f"t{k:02d}" for k in range(24)]
    genetic = pl.as_distances(steps, ids=names)
    places = rng.normal(size=(4, 6))[clade // 2] * 2 + rng.normal(size=(24, 6))
    taxa = np.repeat(names, 4)
    X = np.repeat(places, 4, axis=0) + 0.3 * rng.normal(size=(96, 6))
    clades = dict(zip(names, clade, strict=True))
    embedding = pl.GuidedEmbedding("kernel-ridge")
    found = pl.cross_validate_clades(embedding, X, taxa, genetic, clades, refits=9)
    assert found.n_clades == 8
    assert found.p_value is not None
    assert found.p_value >= 0.1
    assert "Clades held out: 8" in repr(found)
    assert list(found.table().index) == ["embedding", "without images"]
    noise = pl.cross_validate_clades(embedding, rng.normal(size=X.shape), taxa, genetic, clades)
    assert noise.skill < found.skill
    made = embedding.fit(X, taxa, genetic, clades=clades)
    assert made.transform(X[:5]).shape[0] == 5
    with pytest.raises(InputError, match="expecting 6 features"):
        made.transform(X[:, :3])
    with pytest.raises(InputError, match="without a clade"):
        pl.cross_validate_clades(embedding, X, taxa, genetic, {"t00": 1})
    with pytest.raises(TooFew, match="three taxa"):
        embedding.fit(X[:8], taxa[:8], genetic)


def test_embedding_is_not_fitted_before_fit():
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        pl.GuidedEmbedding().transform(np.zeros((2, 3)))


@pytest.mark.parametrize("name", NAMES_DOCUMENTED)
def test_examples_in_docstrings_run(name, tmp_path, monkeypatch):
    if name == "embed":
        pytest.importorskip("onnxruntime")
    monkeypatch.chdir(tmp_path)  # some write the small files that they read
    found = doctest.DocTestFinder(exclude_empty=True).find(getattr(pl, name), name, globs={})
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    runner = doctest.DocTestRunner(optionflags=flags)
    for one in found:
        runner.run(one)
    assert runner.failures == 0
    assert runner.tries > 0
