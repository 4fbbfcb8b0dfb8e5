"""What the study says of methods (Roy 2025, section 4.2), an experiment a file.

Each file ends with ``CLAIM`` and is found by :mod:`phylolens.paradigms.claims_tested`, which tests
the claims of a method after it was judged. Every experiment measures a difference that is above
zero where the claim is right; :func:`phylolens.paradigms.evidence.judge` decides on all alike.
"""
