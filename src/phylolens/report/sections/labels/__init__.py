"""What was read: images, labels, problems, and names that match the phylogeny."""
