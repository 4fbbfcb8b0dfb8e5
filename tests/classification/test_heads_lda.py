"""The head is scikit-learn's own, and gives up nothing where that refuses."""

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from phylolens.classification.heads.lda import LedoitWolfLda


def test_it_answers_as_scikit_learn():
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1, 2], [30, 20, 5])
    X = rng.normal(size=(55, 9)) + 0.6 * codes[:, None]
    labels = np.array(["a", "b", "c"])[codes]
    for even, priors in ((False, None), (True, np.full(3, 1 / 3))):
        own = LedoitWolfLda(even).fit(X, labels).predict_proba(X)
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=priors)
        np.testing.assert_allclose(own, model.fit(X, labels).predict_proba(X), rtol=1e-9)


def test_the_nearest_of_single_images_where_nothing_varies_within():
    X = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    head = LedoitWolfLda().fit(X, np.array(["a", "b", "c"]))
    assert head.predict(np.array([[3.0, 1.0], [1.0, 3.0], [0.5, 0.5]])).tolist() == ["b", "c", "a"]
