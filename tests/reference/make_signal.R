# Reference values from R for the tests of signal: K_mult, Mantel, PROTEST, distance correlation and
# the Mantel correlogram, on three data sets. R itself is never needed to run the tests.
#
#   cd tests/reference && Rscript make_signal.R [FOLDER_OF_BIVALVE_DATA]
#
# 1. small: small_tree.nwk (polytomies, a zero branch at an inner node), 4 traits without signal.
# 2. simulated: a random tree of 30 tips whose ends differ in age, 5 traits by Brownian motion.
# 3. bivalve: the 74 families of the folder given, 12 traits by Brownian motion with lambda 0.5; only
#    traits and correlations are written, no distances.
# Packages: ape 5.7, vegan 2.6-4, energy 1.7-11, phytools 1.5, jsonlite (R 4.2.2).

suppressPackageStartupMessages({
  library(ape)
  library(vegan)
  library(energy)
  library(phytools)
  library(jsonlite)
})

keep <- function(values, file) {
  write.csv(format(values, digits = 16, trim = TRUE), file, quote = FALSE)
}

written <- function(value, file) {
  writeLines(toJSON(value, digits = NA, auto_unbox = TRUE, pretty = TRUE, na = "null"), file)
}

# K_mult as Adams (2014) defines it, by matrices: the value at the root by generalised least squares,
# then the mean squares about it, without and with the tree.
k_mult <- function(traits, shared) {
  n <- nrow(traits)
  ones <- matrix(1, n, 1)
  inverse <- solve(shared)
  root <- solve(t(ones) %*% inverse %*% ones) %*% t(ones) %*% inverse %*% traits
  away <- traits - ones %*% root
  about_root <- sum(diag(t(away) %*% away)) / (n - 1)
  along_tree <- sum(diag(t(away) %*% inverse %*% away)) / (n - 1)
  expected <- (sum(diag(shared)) - n / sum(inverse)) / (n - 1)
  about_root / along_tree / expected
}

axes <- function(distances, k) {
  found <- cmdscale(as.dist(distances), k = k, eig = TRUE)
  values <- found$eig
  # A cut between two equal eigenvalues would leave the last axis to chance.
  stopifnot(k == sum(values > 1e-9) || values[k] - values[k + 1] > 1e-6 * values[1])
  found$points
}

procrustes_of <- function(visual, genetic, k) {
  places <- axes(sqrt(genetic), k)
  looks <- axes(visual, k)
  list(
    axes = k,
    t0 = protest(places, looks, permutations = 1)$t0,
    residuals = as.list(residuals(procrustes(places, looks, symmetric = TRUE)))
  )
}

correlogram_of <- function(visual, genetic, breaks = NULL) {
  found <- mantel.correlog(
    as.dist(visual), as.dist(genetic), break.pts = breaks, cutoff = FALSE, nperm = 3
  )
  list(
    high = found$break.pts[-1],
    n_pairs = unname(found$mantel.res[, "n.dist"]) / 2,
    r = unname(found$mantel.res[, "Mantel.cor"])
  )
}

everything <- function(traits, genetic, shared, k) {
  names <- rownames(traits)
  genetic <- genetic[names, names]
  shared <- shared[names, names]
  visual <- as.matrix(dist(traits))
  # Values that agree to a millionth of the largest are ties: rounding of sums of branch lengths must
  # neither be ranked nor cross a limit between classes.
  ties <- function(distances) round(distances / max(distances), 6)
  level <- ties(genetic) * max(genetic)
  pairs <- level[lower.tri(level)]
  breaks <- c(min(pairs), quantile(pairs, (1:5) / 5, type = 1, names = FALSE))
  list(
    k_mult = k_mult(traits, shared),
    k_mult_first_trait = k_mult(traits[, 1, drop = FALSE], shared),
    mantel_pearson = vegan::mantel(visual, genetic, permutations = 1)$statistic,
    mantel_spearman = vegan::mantel(
      ties(visual), ties(genetic), "spearman", permutations = 1
    )$statistic,
    bcdcor = bcdcor(as.dist(visual), as.dist(genetic)),
    protest = lapply(k, function(axes) procrustes_of(visual, genetic, axes)),
    correlogram_width = correlogram_of(visual, level),
    correlogram_number = correlogram_of(visual, level, breaks)
  )
}

brownian <- function(shared, traits) {
  values <- t(chol(shared)) %*% matrix(rnorm(nrow(shared) * traits), ncol = traits)
  dimnames(values) <- list(rownames(shared), paste0("trait", seq_len(traits)))
  values
}

small <- read.tree("small_tree.nwk")
small$tip.label <- gsub("'", "", small$tip.label)
set.seed(11)
small_traits <- matrix(rnorm(Ntip(small) * 4), ncol = 4)
dimnames(small_traits) <- list(small$tip.label, paste0("trait", 1:4))
keep(small_traits, "signal_small_traits.csv")

simulated <- rtree(30)
write.tree(simulated, "signal_simulated.nwk", digits = 17)
simulated <- read.tree("signal_simulated.nwk")
simulated_traits <- brownian(vcv(simulated), 5)
keep(simulated_traits, "signal_simulated_traits.csv")

results <- list(
  small = everything(small_traits, cophenetic(small), vcv(small), 2:4),
  simulated = everything(simulated_traits, cophenetic(simulated), vcv(simulated), c(2, 5))
)
# Of one trait K_mult is Blomberg's K, which phytools has.
results$small$phytools_k <- phylosig(small, small_traits[, 1], method = "K")[[1]]
results$simulated$phytools_k <- phylosig(simulated, simulated_traits[, 1], method = "K")[[1]]
written(results, "signal.json")

folder <- commandArgs(trailingOnly = TRUE)
if (length(folder) == 1) {
  genetic <- as.matrix(read.csv(file.path(folder, "edge_lengths.csv"), row.names = 1))
  # The root is set far enough from all families that the covariance is positive definite.
  shared <- max(genetic) - genetic / 2
  half <- shared / 2
  diag(half) <- diag(shared)
  set.seed(12)
  traits <- brownian(half, 12)
  keep(traits, "signal_bivalve_traits.csv")
  written(everything(traits, genetic, shared, c(2, 5, 10)), "signal_bivalve.json")
}
