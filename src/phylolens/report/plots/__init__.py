"""Figures that several sections share, or that are long enough to stand alone."""
