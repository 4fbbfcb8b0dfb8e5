"""The similarity-learning bench: every paradigm of similarity learning on the same held-out clades.

``cells`` is the map of the paradigms (table 4.1 of the study), ``method`` what a method is, and
``registry`` all of them, which are in ``methods``, a file each. ``material`` is what methods can
ask for besides features: altered views, images, labels, checkpoints. ``tree_free`` is the base of
those that look at no genetic distance. ``data`` holds taxa, folds and the split by species;
``evaluate`` judges one method with ``retrieval`` (queries from clades never seen), ``probe``
(species never seen) and ``cost``; ``bench`` judges them all. ``claims`` are those of the study on
single methods (``claim``), each an experiment in a file: ``evidence`` decides on them, and
``claims_tested`` tests them with the rows; ``clade_scores`` compares learners on clades held out,
``fixed_length`` trains them without early stopping, ``agreement`` compares distances.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
