"""Terms explained for a biologist, what the report can not tell, and the literature."""

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


def terms(classify: dict[str, Any] | None) -> list[tuple[str, str]]:
    """Terms that the report uses, given its section on classification."""
    used = [(term, text) for part, term, text in TERMS_OF if (classify or {}).get(part)]
    return [*GLOSSARY, *used]


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
    "signal": (
        "Why relatives look alike: shared descent, shared habitat, and shared photographer or "
        "background leave the same trace.",
        "How certain the phylogeny is: it is taken as given.",
        "Whether a tree could be built from the pictures: a correlation of distances is far from "
        "a topology.",
        "Whether pictures say more than the taxonomy. If looks and another tree-structured thing "
        "(such as habitat) are compared, this test rejects too often.",
    ),
}

REFERENCES = (
    (
        "published",
        "Roy (2025) Exploring visual similarities and genetic similarities with machine learning. "
        "TU Ilmenau. (Both experiments of the recipe roy2025.)",
    ),
    ("classify", "Breiman (2001) Random forests. Machine Learning 45:5–32."),
    (
        "classify",
        "Wilson (1927) Probable inference, the law of succession, and statistical inference. "
        "Journal of the American Statistical Association 22:209–212.",
    ),
    (
        "classify",
        "McNemar (1947) Note on the sampling error of the difference between correlated "
        "proportions or percentages. Psychometrika 12:153–157.",
    ),
    (
        "classify",
        "Efron & Tibshirani (1993) An introduction to the bootstrap. Chapman & Hall.",
    ),
    (
        "confidence",
        "Guo, Pleiss, Sun & Weinberger (2017) On calibration of modern neural networks. "
        "Proceedings of ICML 70:1321–1330.",
    ),
    (
        "depth",
        "Angelopoulos & Bates (2023) Conformal prediction: a gentle introduction. Foundations and "
        "Trends in Machine Learning 16:494–591.",
    ),
    (
        "novelty",
        "Hendrycks & Gimpel (2017) A baseline for detecting misclassified and out-of-distribution "
        "examples in neural networks. ICLR.",
    ),
    (
        "guide",
        "Ilse, Tomczak & Welling (2018) Attention-based deep multiple instance learning. "
        "Proceedings of ICML 80:2127–2136.",
    ),
    ("guide", "Kingma & Ba (2015) Adam: a method for stochastic optimization. ICLR."),
    (
        "signal",
        "Mantel (1967) The detection of disease clustering and a generalized regression approach. "
        "Cancer Research 27:209–220.",
    ),
    (
        "signal",
        "Phipson & Smyth (2010) Permutation p-values should never be zero. Statistical "
        "Applications in Genetics and Molecular Biology 9:39.",
    ),
    (
        "signal",
        "Guillot & Rousset (2013) Dismantling the Mantel tests. Methods in Ecology and Evolution "
        "4:336–344.",
    ),
)
