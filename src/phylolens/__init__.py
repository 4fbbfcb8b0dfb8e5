"""PhyloLens."""
