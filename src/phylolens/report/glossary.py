"""Terms explained for a biologist, what the report can not tell, and the literature."""

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
        "classify",
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
