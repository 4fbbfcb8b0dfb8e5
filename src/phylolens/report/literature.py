"""The literature of each part of the report."""

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
        "attention",
        "Ilse, Tomczak & Welling (2018) Attention-based deep multiple instance learning. "
        "Proceedings of ICML 80:2127–2136.",
    ),
    (
        "confounds",
        "Anderson & ter Braak (2003) Permutation tests for multi-factorial analysis of variance. "
        "Journal of Statistical Computation and Simulation 73:85–113.",
    ),
    (
        "confounds",
        "Fitch (1971) Toward defining the course of evolution: minimum change for a specific tree "
        "topology. Systematic Zoology 20:406–416.",
    ),
    ("adam", "Kingma & Ba (2015) Adam: a method for stochastic optimization. ICLR."),
    (
        "held-out",
        "Roberts, Bahn, Ciuti et al. (2017) Cross-validation strategies for data with temporal, "
        "spatial, hierarchical, or phylogenetic structure. Ecography 40:913–929.",
    ),
    (
        "ridge",
        "Hoerl & Kennard (1970) Ridge regression: biased estimation for nonorthogonal problems. "
        "Technometrics 12:55–67.",
    ),
    (
        "whitened",
        "Hatch & Stolcke (2006) Generalized linear kernels for one-versus-all classification: "
        "application to speaker recognition. Proceedings of ICASSP 5:585–588.",
    ),
    (
        "process",
        "Bonilla, Chai & Williams (2008) Multi-task Gaussian process prediction. Advances in "
        "Neural Information Processing Systems 20:153–160.",
    ),
    (
        "discriminant",
        "Friedman (1989) Regularized discriminant analysis. Journal of the American Statistical "
        "Association 84:165–175.",
    ),
    (
        "stacked",
        "Breiman (1996) Stacked regressions. Machine Learning 24:49–64.",
    ),
    (
        "coordinates",
        "de Vienne, Aguileta & Ollier (2011) Euclidean nature of phylogenetic distance matrices. "
        "Systematic Biology 60:826–832.",
    ),
    (
        "signal",
        "Mantel (1967) The detection of disease clustering and a generalized regression approach. "
        "Cancer Research 27:209–220.",
    ),
    (
        "permuted",
        "Phipson & Smyth (2010) Permutation p-values should never be zero. Statistical "
        "Applications in Genetics and Molecular Biology 9:39.",
    ),
    (
        "signal",
        "Guillot & Rousset (2013) Dismantling the Mantel tests. Methods in Ecology and Evolution "
        "4:336–344.",
    ),
    (
        "kmult",
        "Adams (2014) A generalized K statistic for estimating phylogenetic signal from shape and "
        "other high-dimensional multivariate data. Systematic Biology 63:685–697.",
    ),
    (
        "kmult",
        "Collyer, Baken & Adams (2022) A standardized effect size for evaluating and comparing the "
        "strength of phylogenetic signal. Methods in Ecology and Evolution 13:367–382.",
    ),
    (
        "protest",
        "Peres-Neto & Jackson (2001) How well do multivariate data sets match? The advantages of a "
        "Procrustean superimposition approach over the Mantel test. Oecologia 129:169–178.",
    ),
    (
        "dcor",
        "Székely & Rizzo (2013) The distance correlation t-test of independence in high dimension. "
        "Journal of Multivariate Analysis 117:193–213.",
    ),
    (
        "holm",
        "Holm (1979) A simple sequentially rejective multiple test procedure. Scandinavian Journal "
        "of Statistics 6:65–70.",
    ),
    (
        "lambda",
        "Pagel (1999) Inferring the historical patterns of biological evolution. Nature "
        "401:877–884.",
    ),
    (
        "trees",
        "Saitou & Nei (1987) The neighbor-joining method: a new method for reconstructing "
        "phylogenetic trees. Molecular Biology and Evolution 4:406–425.",
    ),
    (
        "nrf",
        "Robinson & Foulds (1981) Comparison of phylogenetic trees. Mathematical Biosciences "
        "53:131–147.",
    ),
    (
        "cid",
        "Smith (2020) Information theoretic generalized Robinson–Foulds metrics for comparing "
        "phylogenetic trees. Bioinformatics 36:5007–5013.",
    ),
    (
        "quartet",
        "Estabrook, McMorris & Meacham (1985) Comparison of undirected phylogenetic trees based on "
        "subtrees of four evolutionary units. Systematic Zoology 34:193–200.",
    ),
    (
        "align",
        "Nye, Liò & Gilks (2006) A novel algorithm and web-based tool for comparing two "
        "alternative phylogenetic trees. Bioinformatics 22:117–119.",
    ),
    (
        "coherency",
        "Kiel (2021) Assessing bivalve phylogeny using deep learning and computer vision "
        "approaches. bioRxiv 2021.04.08.438943.",
    ),
)
