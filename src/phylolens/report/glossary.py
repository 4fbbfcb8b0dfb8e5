"""Terms explained for a biologist, and what the report can not tell."""

from typing import Any

GLOSSARY = (
    (
        "accuracy",
        "Share of test images whose taxon was named correctly. Frequent taxa dominate it.",
    ),
    ("balanced accuracy", "Accuracy of each taxon, averaged over taxa: rare ones count as much."),
    (
        "macro-F1",
        "F1 joins how many of a taxon's images were found (recall) with how many images given its "
        "name deserve it (precision). Macro-F1 is its plain mean over taxa; weighted F1 lets "
        "frequent taxa count more.",
    ),
    (
        "majority baseline",
        "Always answering the most frequent taxon. A classifier that does no better has learnt "
        "nothing of use, however high its accuracy sounds.",
    ),
    (
        "confusion matrix",
        "Row: what an image shows. Column: what it was called. The diagonal is right.",
    ),
    (
        "embedding, features",
        "Numbers by which a network describes a picture; similar pictures get similar numbers.",
    ),
    (
        "in-sample",
        "Judged on the very data it was fitted to. Such figures are always too good and say "
        "nothing about taxa the fit has not seen.",
    ),
    (
        "Mantel test",
        "Do two distance matrices agree? The taxa of one are shuffled many times; p is the share "
        "of shuffles (the observed order counted as one) that agree at least as well.",
    ),
    (
        "Pearson, Spearman",
        "Correlation of values, and of their ranks; the latter asks only for the same order.",
    ),
    (
        "taxonomy alone",
        "A distance of steps through the named ranks (same order nearer than another order), made "
        "without pictures. Pictures have to be seen beside it.",
    ),
    (
        "row means",
        "Predicts each genetic distance from the two taxa's mean distances to all others: what "
        "long and short branches alone produce.",
    ),
    (
        "chord distance",
        "Distance between two descriptions scaled to length one: 0 for the same direction, "
        "√2 for unrelated ones.",
    ),
)

# Explained where the classification has such a part.
TERMS_OF = (
    (
        "divisions",
        "species left out",
        "All images of some species are kept from training, so that the test asks for the family "
        "or order of species never seen. A random division asks for species that are known.",
    ),
    (
        "chooses",
        "inner cross-validation",
        "The training images are divided again and again, and the classifier that does best on the "
        "part left out is taken. Test images play no part.",
    ),
    (
        "confidence",
        "certainty, calibration error (ECE)",
        "A classifier states how sure it is. Of answers given with 80% certainty 80% should be "
        "right; the calibration error is the mean distance from that over 15 equal groups of "
        "images.",
    ),
    (
        "confidence",
        "temperature",
        "One number by which stated certainties are sharpened or softened, learnt on images that "
        "the classifier was not trained on; above 1 it had been too sure of itself.",
    ),
    (
        "confidence",
        "Brier score, NLL",
        "How far stated certainties lie from the truth: squared distance, and negative logarithm "
        "of the certainty given to the true taxon. 0 is perfect; lower is better.",
    ),
    (
        "depth",
        "conformal back-off",
        "An answer is cut back to the rank where it is safe. How sure an answer must be is learnt "
        "on images kept for that, so that the share of right names is at least the one asked for, "
        "if new images come like those.",
    ),
    (
        "depth",
        "unknown species, genera, …",
        "Taxa the classifier was not trained on. A name at a rank where the taxon is unknown can "
        "only be wrong; a name at a coarser rank may be right.",
    ),
    (
        "novelty",
        "AUROC",
        "Chance that an unknown is found stranger than a known one: 1 is perfect, 0.5 is guessing.",
    ),
    (
        "novelty",
        "false alarms (FPR95)",
        "Share of known taxa flagged as unknown when 95% of the unknown ones are to be caught.",
    ),
    (
        "few_shot",
        "few-shot",
        "Learning a taxon from one or a few images.",
    ),
)


# Explained where the comparison of looks and lineage has such a test or part.
SIGNAL_TERMS = (
    (
        "kmult",
        "K_mult, Brownian motion",
        "Brownian motion: looks drift at random along the branches, so that relatives resemble one "
        "another by common history alone. K_mult compares that expectation with what is seen: 1 as "
        "expected, less than 1 relatives resemble one another less, more than 1 more.",
    ),
    (
        "kmult",
        "z",
        "How many standard deviations a value lies above what shuffled taxa give. Values of "
        "different tests and trees can be compared by it.",
    ),
    (
        "holm",
        "Holm’s correction",
        "Who tests often finds something by chance. Holm’s correction raises the p-values of a "
        "family of tests so that one false finding among all of them is as rare as promised.",
    ),
    (
        "protest",
        "PROTEST, Procrustes residual",
        "Two maps of the taxa, one of looks and one of the phylogeny, are turned and scaled to fit "
        "each other. t is 1 for a perfect fit; a taxon’s residual is how far its two places lie "
        "apart.",
    ),
    (
        "dcor",
        "distance correlation",
        "Finds dependence of any shape, not of straight lines only. Bias-corrected, it is near 0 "
        "without dependence; it equals the Pearson correlation of the double-centred distances.",
    ),
    (
        "centred",
        "double-centring",
        "Each taxon’s mean distance is taken away from both matrices: what is left owes nothing to "
        "single odd-looking or long-branched taxa.",
    ),
    (
        "within",
        "shuffling within clades",
        "Taxa change places only with their relatives. What the clades explain stays as it is, so "
        "p tells whether pictures know more than the clade.",
    ),
    (
        "correlogram",
        "Mantel correlogram",
        "The Mantel test for one class of genetic distance at a time: above 0, pairs of that class "
        "look more alike than other pairs.",
    ),
    (
        "lambda",
        "Pagel’s λ",
        "Stretches the tree’s inner branches to fit the looks: 0 no common history, 1 Brownian "
        "motion on the tree as it is.",
    ),
    (
        "trees",
        "tree of looks, support",
        "A tree built from visual distances. Support: share of trees with the same group when "
        "specimens are drawn again; it tells of sampling, not of truth.",
    ),
    (
        "trees",
        "random and shuffled trees",
        "Random trees have any shape; shuffled ones are built from the same visual distances with "
        "the taxa exchanged. Only what is nearer than both is more than chance.",
    ),
    (
        "coherency",
        "Kiel’s coherency",
        "Find the largest groups of the tree that hold one named group only: (their taxa ÷ their "
        "number) × (their taxa ÷ all taxa). It judges a tree by names, not by another tree.",
    ),
    (
        "confounds",
        "confound, source",
        "Something besides history that may make taxa look alike: all images of some taxa come "
        "from one museum, camera or file format, and those of others from another. Permuting taxa "
        "only among those of one source shows what is left without it.",
    ),
    (
        "pairs",
        "expected distance, q, false-discovery rate",
        "Expected: how different two taxa would look on average had looks drifted along the tree. "
        "q: among pairs with this q or less, about that share is there by chance.",
    ),
)


def terms(
    classify: dict[str, Any] | None,
    signal: dict[str, Any] | None = None,
    guide: dict[str, Any] | None = None,
) -> list[tuple[str, str]]:
    """Terms that the report uses, given its sections."""
    shown = parts_of(signal)
    used = [(term, text) for part, term, text in TERMS_OF if (classify or {}).get(part)]
    used += [(term, text) for part, term, text in SIGNAL_TERMS if part in shown]
    used += GUIDE_TERMS if (guide or {}).get("held_out") else ()
    return [*GLOSSARY, *used]


def parts_of(signal: dict[str, Any] | None) -> set[str]:
    """Name tests and parts that the section on signal holds."""
    if not signal:
        return set()
    shown = {test["name"] for test in signal["tests"]}
    shown |= {part for part in PARTS if signal[part]}
    shown |= {"holm"} if any(test["p_holm"] is not None for test in signal["tests"]) else set()
    shown |= {"centred"} if any(name.endswith("_centred") for name in shown) else set()
    trees = signal["trees"] or {"rows": []}
    return shown | {row["key"] for row in trees["rows"]}


# Explained where the guided embedding was judged on clades held out.
GUIDE_TERMS = (
    (
        "leave-clade-out",
        "A whole clade, such as an order with all its families, is kept from the fit and predicted "
        "afterwards; then the next one. Only that tells whether images predict the tree for taxa "
        "without near relatives in the fit.",
    ),
    (
        "best prediction without images",
        "The distance of an unseen taxon to a known one, told from the tree of the known ones "
        "alone: from that taxon’s mean distance to all others, to those of other clades, and over "
        "clades, each with and without the distance to the nearest other clade as its floor; "
        "weighed by how well they predict clades left out. Images have to beat it.",
    ),
    (
        "calibrated column means",
        "Predicts the distance of an unseen taxon to a known one by the known one’s mean distance "
        "to all others, scaled on training pairs. It looks at no picture, and yet correlates with "
        "the truth, since long branches are far from everything.",
    ),
    (
        "skill",
        "Share of squared error that the pictures take away on clades never seen from the best "
        "prediction without them: 1 − (error with pictures ÷ error without). 1 is perfect, 0 is "
        "nothing learnt, less than 0 is worse than no picture.",
    ),
)


PARTS = ("within", "correlogram", "lambda", "trees", "confounds", "pairs", "clades", "sample")


CANNOT_TELL = {
    "classify": (
        "Whether the classifier looks at the organism: background, lighting, scale or the habits "
        "of one photographer or collection can give a taxon away.",
        "How it fares on taxa it was never shown: it must answer with one of the known ones. A "
        "random split leaves other specimens of the same species in training, so the scores say "
        "how well known species are told apart and nothing about species never seen.",
        "How it fares on pictures of another kind than these; test and training images come from "
        "the same collection of images.",
        "Whether the pretrained network had met these taxa, or these very pictures, before.",
    ),
    "guide": (
        "Whether images predict genetic distance of taxa that were not in the fit.",
        "Which features of the organism matter: a weight belongs to a whole picture.",
        "Anything about evolution: a flexible fit bends to any matrix, a shuffled one too.",
    ),
}
