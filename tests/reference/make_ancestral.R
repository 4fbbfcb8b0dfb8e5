# Ancestral states from phytools for the tests; R itself is never needed to run them.
#
#   cd tests/reference && Rscript make_ancestral.R
#
# Makes ancestral.json: a random tree of 14 tips, two traits, and fastAnc's estimate at every inner
# node, keyed by the tips below it. Packages: ape 5.7, phytools 1.5, jsonlite (R 4.2.2).

suppressPackageStartupMessages({
  library(ape)
  library(phytools)
  library(jsonlite)
})

set.seed(20264)
tree <- rtree(14)
traits <- sapply(1:2, function(k) fastBM(tree))
below <- function(node) paste(sort(extract.clade(tree, node)$tip.label), collapse = "|")
inner <- length(tree$tip.label) + seq_len(tree$Nnode)
states <- lapply(1:2, function(k) {
  found <- fastAnc(tree, setNames(traits[, k], rownames(traits)))
  setNames(as.list(as.numeric(found)), sapply(inner, below))
})
written <- list(
  tree = write.tree(tree, digits = 15),
  tips = rownames(traits),
  traits = list(as.numeric(traits[, 1]), as.numeric(traits[, 2])),
  states = states
)
writeLines(toJSON(written, digits = NA, auto_unbox = TRUE, pretty = TRUE), "ancestral.json")
