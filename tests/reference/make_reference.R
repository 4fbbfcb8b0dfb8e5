# Reference values from R for the tests; R itself is never needed to run them.
#
#   cd tests/reference && Rscript make_reference.R [FOLDER_OF_BIVALVE_DATA]
#
# Inputs: small_tree.nwk (written by hand: polytomies, a zero branch, quoted names). Everything else
# in this folder is made here. Packages: ape 5.7, vegan 2.6-4, ecodist 2.0.9, jsonlite (R 4.2.2).
# With the folder of bivalve distances, bivalve.json is made too: correlations only, no data.

suppressPackageStartupMessages({
  library(ape)
  library(vegan)
  library(ecodist)
  library(jsonlite)
})

keep <- function(values, file) {
  write.csv(format(values, digits = 16, trim = TRUE), file, quote = FALSE)
}

correlations <- function(x, y) {
  list(
    vegan_pearson = vegan::mantel(x, y, method = "pearson", permutations = 1)$statistic,
    vegan_spearman = vegan::mantel(x, y, method = "spearman", permutations = 1)$statistic,
    ecodist_pearson = ecodist::mantel(x ~ y, nperm = 0)[["mantelr"]],
    ecodist_spearman = ecodist::mantel(x ~ y, nperm = 0, mrank = TRUE)[["mantelr"]]
  )
}

written <- function(value, file) {
  writeLines(toJSON(value, digits = NA, auto_unbox = TRUE, pretty = TRUE), file)
}

# A tree's numbers.
tree <- read.tree("small_tree.nwk")
tree$tip.label <- gsub("'", "", tree$tip.label)
patristic <- cophenetic.phylo(tree)
keep(patristic, "patristic.csv")
keep(vcv(tree), "vcv.csv")
axes <- ape::pcoa(sqrt(patristic))
keep(axes$vectors, "pcoa.csv")

# Three pairs of distances: tree against traits, two random clouds, and small integers (many ties).
# Sums of branch lengths that should be equal differ in their last bits; unrounded, R would rank
# that noise, so Spearman is taken on distances rounded to ten decimals.
level <- round(patristic, 10)
set.seed(20251)
traits <- matrix(rnorm(length(tree$tip.label) * 3), ncol = 3)
rownames(traits) <- tree$tip.label
trait_distances <- as.matrix(dist(traits))
cloud <- matrix(rnorm(40), 10)
first <- as.matrix(dist(cloud))
second <- as.matrix(dist(cloud[, 1:2] + matrix(rnorm(20, sd = 0.7), 10)))
steps <- as.matrix(dist(sample(0:3, 9, replace = TRUE), method = "manhattan"))
jumps <- as.matrix(dist(sample(0:2, 9, replace = TRUE), method = "manhattan"))
names9 <- paste0("t", 1:9)
dimnames(steps) <- dimnames(jumps) <- list(names9, names9)
names10 <- paste0("t", 1:10)
dimnames(first) <- dimnames(second) <- list(names10, names10)

keep(trait_distances, "trait_distances.csv")
keep(first, "cloud_first.csv")
keep(second, "cloud_second.csv")
keep(steps, "ties_first.csv")
keep(jumps, "ties_second.csv")
written(
  list(
    traits = correlations(as.dist(level), as.dist(trait_distances[tree$tip.label, tree$tip.label])),
    cloud = correlations(as.dist(first), as.dist(second)),
    ties = correlations(as.dist(steps), as.dist(jumps))
  ),
  "mantel.json"
)

folder <- commandArgs(trailingOnly = TRUE)
if (length(folder) == 1) {
  families <- readLines(file.path(folder, "families.txt"))
  genetic <- as.matrix(read.csv(file.path(folder, "edge_lengths.csv"), row.names = 1))
  genetic <- genetic[families, families]
  taxonomy <- read.csv(file.path(folder, "taxonomy.csv"), row.names = 1)[families, ]
  steps <- 1 + outer(taxonomy$order, taxonomy$order, "!=") + outer(taxonomy$clade, taxonomy$clade, "!=")
  diag(steps) <- 0
  whole <- correlations(as.dist(steps), as.dist(genetic))
  part <- seq(1, length(families), by = 3)
  third <- correlations(as.dist(steps[part, part]), as.dist(genetic[part, part]))
  written(list(whole = whole, every_third = third), "bivalve.json")
}
