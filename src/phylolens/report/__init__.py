"""The report: a results directory to facts in words, to figures, to one page.

``results`` reads the directory, ``own_results`` says which image files it may open. ``sections``
has one package a question, each with its facts, figures and templates; ``plots`` the drawings
that are long or shared. ``summary`` joins the facts, ``build`` puts them, the figures and
``thumbnails`` into ``page/``. ``text`` writes numbers and nouns, ``ordering`` sorts taxa as the
tree does, ``columns`` words what may give a source away. ``glossary.toml`` and ``references.bib``
are data, read by ``glossary`` and ``literature``. ``audit`` is a page of its own.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
