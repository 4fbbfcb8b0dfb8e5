"""Types a stored head may hold besides those skops trusts by itself.

An exact list: a stranger's file that names anything else is refused, whatever package it is from.
"""

KNOWN_TYPES = frozenset(
    {
        "imblearn.ensemble._bagging.BalancedBaggingClassifier",
        "imblearn.pipeline.Pipeline",
        "phylolens.classification.heads.balanced_bagging.BalancedBag",
        "phylolens.classification.heads.hgnn.HierarchyGuided",
        "phylolens.classification.heads.inner_choice.InnerChoice",
        "phylolens.classification.heads.lda.LedoitWolfLda",
        "phylolens.classification.heads.mlp.WeightedMlp",
        "phylolens.classification.heads.prototype.Prototype",
        "phylolens.classification.heads.shrunken_lda.ShrunkenLda",
        "phylolens.classification.heads.svm.LinearSvm",
        "phylolens.classification.imbalance.LogitAdjusted",
        "phylolens.classification.ranking.SelectRanked",
        "phylolens.classification.transform.BlockUnit",
        "phylolens.classification.transform.Pca",
        "phylolens.classification.transform.SignedRoot",
        "sklearn.tree._tree.Tree",
    }
)
