"""The sections of the page: one folder a question, with its facts, figures and templates."""
