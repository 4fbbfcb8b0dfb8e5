"""The section on the bench of similarity learning.

``facts`` are the table and its sentences, ``figures`` the bars of skill.
"""
