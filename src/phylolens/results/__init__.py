"""What each stage found: one typed, versioned model a stage, written as its JSON.

:mod:`~phylolens.results.base` says how a model is read and written; ``check``, ``classification``,
``guided``, ``signal`` and ``audit`` hold the models, each named as the stage; ``run`` is the record
of the run. ``docs/formats.md`` describes the files in the words of these models.
"""
