"""The section on unknowns: a block each, and how far such answers can be trusted."""
