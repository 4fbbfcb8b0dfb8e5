"""Can images learn the tree? Embeddings of taxa guided by genetic distance.

The names are imported when first used: learners bring scikit-learn, which other stages do without.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
