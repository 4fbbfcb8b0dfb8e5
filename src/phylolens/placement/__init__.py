"""Where does an unknown belong? Specimens without a name, or without DNA, on the tree.

The names are imported when first used: scikit-learn is heavy.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
