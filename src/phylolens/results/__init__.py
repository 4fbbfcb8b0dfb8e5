"""What each stage found: one typed, versioned model a stage, written as its JSON.

:mod:`~phylolens.results.base` says how a model is read and written. ``check``, ``classification``
(with ``calibration``, ``checks`` and ``classifier``), ``guided`` (``guided_parts``,
``guided_scores``), ``signal`` (``signal_parts``, ``permutation``), ``audit`` and ``run`` hold the
models; ``confounds`` and ``features`` are parts of several. ``docs/formats.md`` describes the files
in the words of these models.
"""
