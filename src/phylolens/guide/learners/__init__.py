"""Learners of guided embeddings, by name."""
