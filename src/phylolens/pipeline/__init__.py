"""From settings to a folder of results: what a run is given, and the order of its stages.

``settings`` are everything a run is given, ``run`` is the order of the stages, ``dataset`` reads
and matches the inputs, ``image_features`` embeds what a stage asks for, ``context`` is what every
stage has at hand, ``checkpoints`` keep finished parts of a long stage, ``summaries`` sum a stage up
from its files.
``demo``, ``audit``, ``pretrain`` (of ``own_images``) and ``place_new`` are runs of their own.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
