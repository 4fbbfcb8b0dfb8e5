"""Images to features with a pretrained network; imported lazily, torch only when needed."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
