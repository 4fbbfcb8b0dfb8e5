"""Types a stored head may hold besides those skops trusts by itself.

An exact list: a stranger's file that names anything else is refused, whatever package it is from.
"""

KNOWN_TYPES = frozenset(
    {
        "imblearn.ensemble._bagging.BalancedBaggingClassifier",
        "imblearn.pipeline.Pipeline",
        "phylolens.classify.heads.balanced_bagging.BalancedBag",
        "phylolens.classify.heads.hgnn.HierarchyGuided",
        "phylolens.classify.heads.inner_choice.InnerChoice",
        "phylolens.classify.heads.lda.LedoitWolfLda",
        "phylolens.classify.heads.mlp.WeightedMlp",
        "phylolens.classify.heads.prototype.Prototype",
        "phylolens.classify.heads.shrunken_lda.ShrunkenLda",
        "phylolens.classify.heads.svm.LinearSvm",
        "phylolens.classify.imbalance.LogitAdjusted",
        "phylolens.classify.ranking.SelectRanked",
        "phylolens.classify.transform.BlockUnit",
        "phylolens.classify.transform.Pca",
        "phylolens.classify.transform.SignedRoot",
        "sklearn.tree._tree.Tree",
    }
)
