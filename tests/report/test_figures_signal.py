"""The figures of the signal section show the numbers they are given, and nothing that is absent."""

import io
import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from PIL import Image
from skbio import TreeNode

from phylolens.report.ordering import taxonomy_order, tree_order
from phylolens.report.plots.heatmaps import (
    DISTANCE,
    SIMILARITY,
    Rows,
    coarsened,
    draw_heatmaps,
    ranked,
)
from phylolens.report.plots.labels import (
    MOST_GROUPS,
    REST,
    Box,
    free_place,
    mark_groups,
    spread_out,
)
from phylolens.report.plots.maps import draw_pcoa, draw_phylomorphospace, ordinate
from phylolens.report.plots.nulls import draw_null, null_tests
from phylolens.report.plots.residuals import draw_residuals, worst
from phylolens.report.plots.rows import (
    clades_shown,
    draw_by_clade,
    draw_correlogram,
    draw_tree_measures,
    measured,
)
from phylolens.report.plots.style import BLUE, GREY, ORANGE, house_style, to_bytes
from phylolens.report.plots.trees import (
    draw_tanglegram,
    lay_out,
    read_tree,
    support_of,
    tangle_facts,
)
from phylolens.report.results import Results
from phylolens.report.sections.signal.figures import signal_figures
from phylolens.results.signal_parts import (
    CladeTests,
    Correlogram,
    SignalTest,
    TreeComparison,
    WithinClades,
)
from phylolens.stats.ancestral import ancestral_states

TAXA = ["Aidae", "Bidae", "Cidae", "Didae", "Eidae", "Fidae"]
REFERENCE = "(((Aidae:1,Bidae:1):1,Cidae:2):1,((Didae:1,Eidae:1):1,Fidae:2):1);"
LOOKS = "((Aidae:1,(Bidae:0.5,Didae:2)80:1)40:1,((Cidae:1,Fidae:1)100:1,Eidae:1):0.5);"


@pytest.fixture(autouse=True)
def _house_style():
    with house_style():
        yield


def read(text):
    return TreeNode.read(io.StringIO(text), format="newick", convert_underscores=False)


def square(values, taxa):
    return pd.DataFrame(values, taxa, taxa)


def cloud(n, seed=1, dimensions=3):
    points = np.random.default_rng(seed).normal(size=(n, dimensions))
    taxa = [f"t{row:03d}" for row in range(n)]
    return square(np.linalg.norm(points[:, None] - points[None], axis=2), taxa)


def lines_with(axes, marker):
    return [line for line in axes.lines if line.get_marker() == marker]


# Heatmaps


def test_heatmaps_show_the_matrices_in_the_given_order():
    visual, genetic = cloud(5), cloud(5, seed=2)
    order = ["t003", "t000", "t004", "t001", "t002"]
    beside = Rows(order, "family", {}, "")
    figure = draw_heatmaps({"one": visual, "two": genetic}, beside, DISTANCE)
    for axes, table in zip(figure.axes, (visual, genetic), strict=False):
        expected = table.loc[order, order].to_numpy(copy=True)
        np.fill_diagonal(expected, np.nan)
        image = axes.images[0]
        np.testing.assert_allclose(np.ma.filled(image.get_array(), np.nan), expected)
        assert image.get_clim() == (np.nanmin(expected), np.nanmax(expected))
    as_ranks = draw_heatmaps({"one": visual}, beside, DISTANCE, ranks=True).axes[0].images[0]
    np.testing.assert_allclose(
        np.ma.filled(as_ranks.get_array(), np.nan), ranked(visual.loc[order, order])
    )
    assert as_ranks.get_clim() == (0, 100)


def test_similarities_share_one_scale_and_keep_their_diagonal():
    table = square([[1.0, 0.2], [0.2, 1.0]], ["a", "b"])
    figure = draw_heatmaps({"x": table, "y": table}, Rows(["a", "b"], "genus", {}, ""), SIMILARITY)
    assert [axes.images[0].get_clim() for axes in figure.axes[:2]] == [(-1, 1)] * 2
    assert figure.axes[0].images[0].get_array()[0, 0] == 1
    assert len(figure.axes) == 3  # two panels and one colour bar


def test_many_rows_are_averaged_in_blocks():
    values = np.random.default_rng(0).normal(size=(1003, 1003))
    np.fill_diagonal(values, np.nan)
    found = coarsened(values)
    assert found.shape == (334, 334)
    starts = [*np.linspace(0, 1003, 334, endpoint=False).astype(int), 1003]
    for i, j in ((0, 0), (3, 200), (333, 333), (100, 5)):
        block = values[starts[i] : starts[i + 1], starts[j] : starts[j + 1]]
        assert found[i, j] == pytest.approx(np.nanmean(block))
    assert coarsened(values[:350, :350]) is not None
    np.testing.assert_array_equal(coarsened(values[:350, :350]), values[:350, :350])


# Groups


def test_largest_groups_have_marks_of_their_own():
    sizes = {f"G{k}": 12 - k for k in range(11)}
    groups = {f"{name}-{i}": name for name, n in sizes.items() for i in range(n)}
    found = mark_groups([*groups, "stray"], groups, "order")
    assert [mark.label for mark in found.legend] == [*[f"G{k}" for k in range(8)], "other"]
    own = [found.of[f"G{k}-0"] for k in range(MOST_GROUPS)]
    assert len({mark.colour for mark in own}) == len({mark.shape for mark in own}) == MOST_GROUPS
    assert found.of["G9-0"] == found.of["stray"] == REST


def test_one_group_is_no_group():
    found = mark_groups(["a", "b"], {"a": "X", "b": "X"}, "order")
    assert (found.rank, list(found.legend)) == ("", [])


# Correlogram

CLASSES = Correlogram(
    classes=[
        {"low": 0.0, "high": 1.0, "n_pairs": 40, "r": 0.3, "p_holm": 0.01, "tested": True},
        {"low": 1.0, "high": 3.0, "n_pairs": 60, "r": -0.1, "p_holm": 0.4, "tested": True},
        {"low": 3.0, "high": 4.0, "n_pairs": 10, "r": -0.2, "p_holm": None, "tested": False},
        {"low": 4.0, "high": 9.0, "n_pairs": 1, "r": None, "p_holm": None, "tested": False},
    ]
).classes


def test_correlogram_draws_every_class_where_it_belongs():
    upper, lower = draw_correlogram(CLASSES).axes
    full, empty = lines_with(upper, "o")
    assert (full.get_xdata()[0], full.get_ydata()[0]) == (0.5, 0.3)
    assert (empty.get_xdata()[0], empty.get_ydata()[0]) == (2.0, -0.1)
    assert to_hex(full.get_markerfacecolor()) == BLUE
    assert to_hex(empty.get_markerfacecolor()) == "#ffffff"
    (cross,) = lines_with(upper, "x")
    assert (cross.get_xdata()[0], cross.get_ydata()[0]) == (3.5, -0.2)
    spans = [tuple(line.get_xdata()) for line in upper.lines if line.get_linewidth() == 1.6]
    assert spans == [(0.0, 1.0), (1.0, 3.0), (3.0, 4.0)]
    bars = [(bar.get_x(), bar.get_width(), bar.get_height()) for bar in lower.patches]
    assert bars == [(0, 1, 40), (1, 2, 60), (3, 1, 10), (4, 5, 1)]


# Trees


def test_layout_keeps_branch_lengths_and_centres_nodes():
    branches = lay_out(read(REFERENCE), TAXA)
    lengths = np.diff(branches.across[:, :, 0], axis=1).ravel()
    assert sorted(lengths) == [1] * 8 + [2] * 2
    assert (branches.across[:, 0, 1] == branches.across[:, 1, 1]).all()
    tips = {tuple(end) for end in branches.across[:, 1]}
    assert {(3.0, float(row)) for row in range(6)} <= tips
    assert branches.depth == 3
    uprights = {tuple(map(tuple, line)) for line in branches.upright}
    assert ((2.0, 0.0), (2.0, 1.0)) in uprights  # Aidae and Bidae
    assert ((1.0, 0.5), (1.0, 2.0)) in uprights  # their node, at 0.5, and Cidae


def test_trees_without_lengths_are_drawn_by_steps():
    assert lay_out(read("((a,b),c);"), ["a", "b", "c"]).tips == {"a": 2.0, "b": 2.0, "c": 1.0}


def test_support_is_read_from_the_labels():
    tree = read("((a,b)87.5,(c,d)Arcoida,(e,f)nan);")
    assert [support_of(node) for node in tree.children] == [87.5, None, None]
    branches = lay_out(read(LOOKS), ["Aidae", "Bidae", "Didae", "Cidae", "Fidae", "Eidae"])
    assert sorted(map(tuple, branches.supported)) == [(1.5, 3.5), (2.0, 1.5)]
    assert branches.n_inner == 3


def test_tanglegram_joins_equal_taxa():
    first = TAXA
    second = ["Aidae", "Bidae", "Didae", "Cidae", "Fidae", "Eidae"]
    groups = mark_groups(TAXA, {taxon: "ABC"[row // 2] for row, taxon in enumerate(TAXA)}, "order")
    trees = read(REFERENCE), read(LOOKS)
    figure = draw_tanglegram(trees, (first, second), groups, "family")
    left, middle, right = figure.axes
    (lines,) = middle.collections
    for taxon, segment, colour in zip(first, lines.get_segments(), lines.get_colors(), strict=True):
        assert segment[:, 1].tolist() == [first.index(taxon), second.index(taxon)]
        assert to_hex(colour) == groups.of[taxon].colour
    (dots,) = right.lines
    assert sorted(zip(*dots.get_data(), strict=True)) == [(1.5, 3.5), (2.0, 1.5)]
    assert not left.lines
    written = [text.get_text() for text in middle.texts]
    assert written == [*first, *second]
    assert left.get_ylim() == (5.5, -0.5)


def test_displacement_colours_lines_where_there_are_no_groups():
    second = TAXA[::-1]
    groups = mark_groups(TAXA, {}, "")
    trees = read(REFERENCE), read(REFERENCE)
    middle = draw_tanglegram(trees, (TAXA, second), groups, "family").axes[1]
    dark = np.asarray(middle.collections[0].get_colors())[:, :3].sum(axis=1)
    assert dark[0] == dark[5] < dark[1] == dark[4] < dark[2] == dark[3]


def test_tanglegram_of_many_tips_has_no_names():
    taxa = [f"t{row}" for row in range(151)]
    comb = "".join(["("] * 150) + "t0:1" + "".join(f",t{row}:1):1" for row in range(1, 151)) + ";"
    figure = draw_tanglegram((read(comb), read(comb)), (taxa, taxa), mark_groups(taxa, {}, ""), "")
    assert not figure.axes[1].texts
    assert figure.get_figheight() < 8


def test_facts_of_the_tanglegram():
    facts = tangle_facts((read(REFERENCE), read(LOOKS)), 6, 3)
    assert facts["most_crossings"] == 15
    assert facts["share"] == 0.2
    assert (facts["n_supported"], facts["n_branches"]) == (2, 3)


def test_trees_of_other_tips_are_not_read(tmp_path):
    (tmp_path / "signal").mkdir()
    (tmp_path / "signal/tree.nwk").write_text("((a_b:1,c:1):1,d:1);")
    results = Results(tmp_path)
    tree = read_tree(results, "tree.nwk", ["A b", "c", "d"])
    assert sorted(tip.name for tip in tree.tips()) == ["A b", "c", "d"]
    assert read_tree(results, "tree.nwk", ["a b", "c"]) is None
    assert read_tree(results, "visual_tree.nwk", ["a b", "c", "d"]) is None


# Maps of looks


def test_two_dimensions_are_found_again():
    visual = cloud(7, dimensions=2)
    found = ordinate(visual)
    between = np.linalg.norm(found.points[:, None] - found.points[None], axis=2)
    np.testing.assert_allclose(between, visual.to_numpy(), atol=1e-9)
    assert sum(found.shares) == pytest.approx(1)
    assert found.shares[0] > found.shares[1]
    assert all(column[np.argmax(np.abs(column))] > 0 for column in found.points.T)


def test_shares_are_of_all_axes():
    values = cloud(9, dimensions=4).to_numpy()
    centred = np.eye(9) - 1 / 9
    eigenvalues = np.sort(np.linalg.eigvalsh(-centred @ values**2 @ centred / 2))[::-1]
    found = ordinate(cloud(9, dimensions=4)).shares
    assert found == pytest.approx(tuple(eigenvalues[:2] / eigenvalues.sum()))


def test_taxa_on_a_line_have_no_second_axis():
    found = ordinate(cloud(5, dimensions=1))
    assert found.shares == pytest.approx((1.0, 0.0))
    assert not found.points[:, 1].any()


def test_points_stand_at_their_coordinates_by_group():
    found = ordinate(cloud(6))
    groups = mark_groups(found.taxa, {"t000": "X", "t001": "Y", "t002": "Y"}, "order")
    axes = draw_pcoa(found, groups, "genus", {}).axes[0]
    drawn = {line.get_marker(): line for line in axes.lines if line.get_gid() == "taxa"}
    shape = {mark.label: mark.shape for mark in groups.legend}
    # "Y" and the rest share a shape, not a colour: the rest is drawn first.
    rest, *named = [line for line in axes.lines if line.get_gid() == "taxa"]
    np.testing.assert_array_equal(np.array(rest.get_data()).T, found.points[3:])
    for label, rows in (("X", [0]), ("Y", [1, 2])):
        line = drawn[shape[label]]
        assert line in named
        np.testing.assert_array_equal(np.array(line.get_data()).T, found.points[rows])
    assert sorted(text.get_text() for text in axes.texts) == sorted(found.taxa)


def test_pictures_stand_apart_and_are_few():
    found = ordinate(cloud(60, dimensions=2))
    groups = mark_groups(found.taxa, {}, "")
    pictures = dict.fromkeys(found.taxa, np.full((60, 120, 3), 127, np.uint8))
    axes = draw_pcoa(found, groups, "genus", pictures).axes[0]
    shown = [image.get_extent() for image in axes.images]
    assert 1 < len(shown) <= 12
    boxes = [Box(x0, y0, x1, y1) for x0, x1, y0, y1 in shown]
    assert not any(a.touches(b) for a, b in combinations(boxes, 2))
    (low, high), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    assert all(box.within(Box(low, bottom, high, top)) for box in boxes)
    for box in boxes:  # as wide as the image is
        assert (box.right - box.left) / (box.top - box.bottom) == pytest.approx(2, rel=0.01)


def test_branches_lead_from_ancestors_to_their_taxa():
    found = ordinate(square(cloud(6).to_numpy(), TAXA))
    tree = read(REFERENCE)
    axes = draw_phylomorphospace(found, tree, mark_groups(TAXA, {}, ""), "family").axes[0]
    segments = axes.collections[0].get_segments()
    ends = {tuple(segment[1]) for segment in segments}
    assert {tuple(point) for point in found.points} <= ends
    root = ancestral_states(tree, TAXA, found.points)[0]
    starts = [segment[0] for segment in segments]
    assert sum(np.allclose(start, root) for start in starts) == 2
    (star,) = lines_with(axes, "*")
    np.testing.assert_allclose(np.ravel(star.get_data()), root)


def test_spread_out_takes_the_farthest_next():
    points = np.random.default_rng(5).normal(size=(30, 2))
    order = spread_out(points)
    assert sorted(order) == list(range(30))
    for k in range(1, 30):
        gaps = [min(np.linalg.norm(points[row] - points[before]) for before in order[:k])
                for row in order[k:]]  # fmt: skip
        assert gaps[0] == pytest.approx(max(gaps))


def test_boxes_find_a_free_place_or_none():
    frame = Box(0, 0, 100, 100)
    points = np.array([[50.0, 50.0]])
    box = free_place(points[0], (20, 10), [], points, frame)
    assert box.within(frame)
    assert box.count(points) == 0
    assert free_place(points[0], (20, 10), [frame], points, frame) is None
    crowd = np.random.default_rng(0).uniform(0, 100, size=(2000, 2))
    assert free_place(points[0], (20, 10), [], crowd, frame, most_covered=2) is None


# Residuals


def test_bars_are_the_largest_residuals():
    values = np.random.default_rng(2).uniform(0.1, 1, 30)
    table = pd.DataFrame({"taxon": [f"t{row:02d}" for row in range(30)], "residual": values})
    axes = draw_residuals(table.sample(frac=1, random_state=0), "genus", {}).axes[0]
    expected = np.sort(values)[::-1][:20]
    assert [bar.get_width() for bar in axes.patches] == expected.tolist()
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == [f"t{row:02d}" for row in np.argsort(-values)[:20]]
    dashed = axes.lines[-1].get_xdata()
    assert dashed[0] == pytest.approx(np.median(values))


def test_equal_residuals_stand_by_name():
    table = pd.DataFrame({"taxon": ["c", "a", "b"], "residual": [0.5, 0.5, 0.7]})
    assert list(worst(table)["taxon"]) == ["b", "a", "c"]


# Null distributions


def null_of(statistic, edges, counts, **more):
    histogram = {"edges": edges, "counts": counts}
    test = {"statistic": statistic, "p_value": 0.004, "null_histogram": histogram}
    return SignalTest.model_validate(test | {"null_quantiles": {"0.95": edges[-2]}} | more)


def test_null_panels_show_histogram_and_observed_value():
    tests = {
        "mantel_pearson": null_of(0.5, [-0.2, 0.0, 0.2], [4, 8], p_holm=0.012),
        "kmult": null_of(0.9, [0.4, 0.5, 0.6], [10, 5]),
        "mantel_pearson_centred": null_of(0.3, [-1, 0, 1], [1, 1]),
        "protest": SignalTest(statistic=0.4, p_value=0.5),
    }
    inner = null_of(0.5, [0.3, 0.4, 0.5], [1, 4])
    within = WithinClades(rank="order", n_clades=2, pearson=inner, spearman=None)
    assert null_tests(tests) == ["kmult", "mantel_pearson"]
    first, second = draw_null(tests, within).axes
    assert [patch.get_data().values.tolist() for patch in first.patches] == [[1.0, 0.5]]
    assert [patch.get_data().values.tolist() for patch in second.patches] == [[0.5, 1], [0.25, 1]]
    assert second.patches[1].get_data().edges.tolist() == [0.3, 0.4, 0.5]
    for axes, value, words in (
        (first, 0.9, "0.90, p = 0.004"),
        (second, 0.5, "0.50, p (Holm) = 0.012"),
    ):
        (observed,) = [line for line in axes.lines if to_hex(line.get_color()) == ORANGE]
        assert observed.get_xdata()[0] == value
        assert [text.get_text() for text in axes.texts] == [words]
        low, high = axes.get_xlim()
        assert low < value < high
    dashed = [line for line in second.lines if to_hex(line.get_color()) == GREY]
    assert list(dashed[0].get_xdata()) == [0.0, 0.0]


# Measures of trees

MEASURES = TreeComparison.model_validate({
    "coherency": {"value": 0.6, "higher_is_better": True, "random_mean": 0.2, "random_sd": 0.05,
                  "reference_value": 3.5},
    "nrf": {"value": 0.8, "random_mean": 0.99, "random_sd": 0.01, "tip_permuted_mean": 0.9,
            "tip_permuted_sd": 0.1, "interval": [0.7, 0.85]},
    "cid": {"value": None},
    "method": "nj",
})  # fmt: skip


def test_tree_measures_stand_where_they_are():
    assert measured(MEASURES) == ["nrf", "coherency"]
    distances, higher = draw_tree_measures(MEASURES).axes
    expected = [(0.8, [[0.98, 1.0], [0.8, 1.0]]), (0.6, [[0.15, 0.25]])]
    for axes, (value, bars) in zip((distances, higher), expected, strict=True):
        (dot,) = lines_with(axes, "o")
        assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (value, 0)
        spans = [line.get_xdata() for line in axes.lines if line.get_linewidth() == 6]
        np.testing.assert_allclose(spans, bars)
    assert [0.7, 0.85] in [list(line.get_xdata()) for line in distances.lines]
    (reference,) = lines_with(higher, "D")
    assert reference.get_xdata()[0] == 3.5
    assert higher.get_xlim()[1] > 3.5


# Clades


def clade(rank, name, n, r, p):
    tests = {"mantel_pearson": {"statistic": r, "p_value": p, "p_holm": p}}
    row = {"rank": rank, "clade": name, "n_taxa": n, "pearson": r, "tests": tests}
    return CladeTests.model_validate(row)


def test_clades_are_the_largest_by_rank():
    rows = [clade("order", f"O{k:02d}", 5 + k, 0.1, 0.5) for k in range(40)]
    rows += [clade("class", "C", 100, 0.2, 0.5), clade("class", "none", 50, None, None)]
    shown = clades_shown(rows)
    assert len(shown) == 30
    assert [row.clade for row in shown] == [*[f"O{k:02d}" for k in range(39, 10, -1)], "C"]


def test_clades_are_drawn_with_n_and_p():
    rows = [
        clade("class", "C", 40, 0.2, 0.03),
        clade("order", "A", 20, -0.1, 0.9),
        clade("order", "B", 9, 0.4, None),
    ]
    axes = draw_by_clade(rows, 0.35).axes[0]
    dots = lines_with(axes, "o")
    # A line is left free for the name of each rank.
    assert [(dot.get_xdata()[0], dot.get_ydata()[0]) for dot in dots] == [
        (0.2, 1), (-0.1, 3), (0.4, 4)]  # fmt: skip
    assert [to_hex(dot.get_markerfacecolor()) for dot in dots] == [BLUE, "#ffffff", "#ffffff"]
    written = [text.get_text() for text in axes.texts]
    assert written == [
        "all taxa", "40", "0.030", "20", "0.900", "9", "–", "n", "p (Holm)", "class", "order"
    ]  # fmt: skip
    assert any(list(line.get_xdata()) == [0.35, 0.35] for line in axes.lines)


# All of them, from a results directory


@pytest.fixture
def results(make_results):
    """A signal stage with everything, written by hand."""
    out = make_results(TAXA, [3] * 6, parts=("signal",))
    folder = out / "signal"
    (folder / "tree.nwk").write_text(REFERENCE)
    (folder / "visual_tree.nwk").write_text(LOOKS)
    pd.DataFrame({"taxon": TAXA, "residual": np.linspace(0.5, 0.1, 6)}).to_csv(
        folder / "residuals.csv", index=False
    )
    files = [f"{3 * row:04d}.png" for row in range(6)]
    pd.DataFrame({"taxon": TAXA, "file": files}).to_csv(folder / "portraits.csv", index=False)
    inner = null_of(0.5, [0.3, 0.4, 0.5], [1, 4]).to_dict()
    within = {"rank": "order", "n_clades": 2, "pearson": inner}
    clades = [clade("order", "Order0", 5, 0.4, 0.01).to_dict()]
    classes = [one.to_dict() for one in CLASSES]
    found = {"correlogram": {"classes": classes}, "tree": MEASURES.to_dict()}
    change(out, **found, by_clade=clades, within_clades=within)
    return out


def change(out, **values):
    path = out / "signal/signal.json"
    found = json.loads(path.read_text()) | values
    path.write_text(json.dumps({key: value for key, value in found.items() if value is not None}))


def drawn(out):
    results = Results(out)
    return {name: (figure, facts) for name, figure, facts in
            signal_figures(results, tree_order(results))}  # fmt: skip


EVERY = {
    "signal-heatmaps", "signal-heatmaps-ranks",
    "hexbin", "pcoa", "phylomorphospace",
    "tanglegram", "procrustes", "correlogram",
    "null", "tree-measures", "by-clade",
}  # fmt: skip


def test_every_figure_is_drawn_where_its_numbers_are(results):
    found = drawn(results)
    assert set(found) == EVERY
    facts = {name: facts for name, (_, facts) in found.items()}
    assert facts["correlogram"] == {"n_classes": 4, "n_significant": 1}
    assert facts["null"] == {"tests": ["mantel_pearson", "mantel_spearman"], "within": True}
    assert facts["tanglegram"]["coloured"] == facts["pcoa"]["coarser"] == "order"
    assert facts["procrustes"]["n_pictures"] == 6
    assert facts["pcoa"]["n_pictures"] == len(found["pcoa"][0].axes[0].images) > 0
    json.dumps(facts)  # plain numbers only


def test_absent_files_give_no_figure(results):
    for name in ("visual_tree.nwk", "residuals.csv", "portraits.csv"):
        (results / "signal" / name).unlink()
    assert set(drawn(results)) == EVERY - {"tanglegram", "procrustes"}
    (results / "signal/tree.nwk").unlink()
    rest = {"tanglegram", "procrustes", "phylomorphospace"}
    # Without a tree the matrix orders the taxa, otherwise than the taxonomy does.
    assert set(drawn(results)) == (EVERY - rest) | {"signal-heatmaps-taxonomy"}


def test_the_taxonomy_orders_the_same_percentiles(results):
    (results / "signal/tree.nwk").unlink()
    found = {name: figure.axes[0].images[0] for name, (figure, _) in drawn(results).items()
             if name.startswith("signal-heatmaps")}  # fmt: skip
    by_tree, listed = found["signal-heatmaps-ranks"], found["signal-heatmaps-taxonomy"]
    assert by_tree.get_clim() == listed.get_clim() == (0, 100)
    assert by_tree.get_cmap().name == listed.get_cmap().name
    order = taxonomy_order(Results(results), "family", tree_order(Results(results)))
    where = [tree_order(Results(results)).index(taxon) for taxon in order]
    np.testing.assert_array_equal(
        listed.get_array().filled(-1), by_tree.get_array().filled(-1)[np.ix_(where, where)]
    )


NUMBERS = {"correlogram", "null", "tree-measures", "by-clade"}


@pytest.mark.parametrize(
    ("key", "missing"),
    [
        ("correlogram", {"correlogram"}),
        ("tests", {"null"}),
        ("tree", {"tree-measures"}),
        ("by_clade", {"by-clade"}),
        ("within_clades", set()),
    ],
)
def test_absent_keys_give_no_figure(results, key, missing):
    for name in ("visual", "genetic"):  # the numbers need no matrices
        (results / f"signal/{name}_distances.csv").unlink()
    change(results, **{key: None})
    assert set(drawn(results)) == NUMBERS - missing


def test_pictures_that_are_gone_are_left_out(results):
    for path in (results / "pictures").iterdir():
        path.unlink()
    found = drawn(results)
    assert found["procrustes"][1]["n_pictures"] == found["pcoa"][1]["n_pictures"] == 0


def test_pictures_are_those_of_the_portraits(results):
    Image.new("RGB", (30, 30), (250, 0, 0)).save(results / "pictures/0000.png")
    axes = drawn(results)["procrustes"][0].axes[0]
    first = axes.artists[0].offsetbox.get_data()  # of the worst taxon, Aidae
    assert (first == (250, 0, 0)).all()


def test_bytes_repeat_and_do_not_depend_on_the_order_of_rows(results):
    names = ("signal-heatmaps", "pcoa", "tanglegram", "procrustes")
    before = {
        name: to_bytes(figure) for name, (figure, _) in drawn(results).items() if name in names
    }
    for file in ("visual_distances.csv", "genetic_distances.csv"):
        path = results / "signal" / file
        table = pd.read_csv(path, index_col=0)
        turned = list(table.index)[::-1]
        table.loc[turned, turned].to_csv(path)
    after = drawn(results)
    for name in names:
        assert to_bytes(after[name][0]) == before[name], name
