"""Methods to cite: settings, versions, terms and literature."""
