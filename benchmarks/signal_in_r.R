# CPU seconds of K_mult (by matrices: a product with the p columns of the traits each permutation) and
# of vegan::protest on principal coordinates: Rscript signal_in_r.R FOLDER PERMUTATIONS AXES
# FOLDER holds traits.csv, covariance.csv, visual.csv and genetic.csv (distances), without names.

suppressPackageStartupMessages(library(vegan))
arguments <- commandArgs(trailingOnly = TRUE)
permutations <- as.integer(arguments[2])
table <- function(name) {
  as.matrix(read.csv(file.path(arguments[1], paste0(name, ".csv")), header = FALSE))
}
traits <- table("traits")
shared <- table("covariance")
visual <- table("visual")
genetic <- table("genetic")
axes <- as.integer(arguments[3])

k_mult <- function(traits, shared, permutations) {
  n <- nrow(traits)
  inverse <- solve(shared)
  eigen <- eigen(shared, symmetric = TRUE)
  whitening <- eigen$vectors %*% diag(1 / sqrt(eigen$values)) %*% t(eigen$vectors)
  weights <- colSums(inverse) / sum(inverse)
  expected <- (sum(diag(shared)) - n / sum(inverse)) / (n - 1)
  one <- function(traits) {
    away <- sweep(traits, 2, weights %*% traits)
    sum(away^2) / sum((whitening %*% away)^2) / expected
  }
  c(one(traits), replicate(permutations, one(traits[sample(n), ])))
}

seconds <- function(work) {
  start <- sum(proc.time()[1:2])
  value <- work()
  c(sum(proc.time()[1:2]) - start, value)
}

procrustes_correlation <- function() {
  looks <- cmdscale(as.dist(visual), k = axes)
  places <- cmdscale(as.dist(sqrt(genetic)), k = axes)
  protest(places, looks, permutations = permutations)$t0
}

k <- seconds(function() k_mult(traits, shared, permutations)[1])
t0 <- seconds(procrustes_correlation)
cat(format(c(k, t0), digits = 12), "\n")
