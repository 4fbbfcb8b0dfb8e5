"""Answers on one screen: a sentence and a small figure a question."""
