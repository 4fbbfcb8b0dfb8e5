"""Drawings that several sections share, or that are long enough to stand alone.

``style`` is the one look of all, ``labels`` sets names, groups and brackets. ``mistakes`` and
``bars`` draw classification; ``heatmaps``, ``pairs``, ``maps``, ``trees``, ``rows``, ``nulls``
and ``residuals`` the comparison with the tree.
"""
