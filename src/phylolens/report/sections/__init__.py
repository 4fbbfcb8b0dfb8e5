"""The sections of the page: one package a question, with its facts, figures and templates.

``overview`` answers on the first screen; ``classification``, ``signal`` and ``guided`` hold the
evidence; ``labels`` tells what was read; ``methods`` how it was done. ``facts`` sums a section up
as plain data, ``section.html.j2`` shows it.
"""
