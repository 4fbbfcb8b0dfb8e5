# Pagel's lambda of single traits from R; R itself is never needed to run the tests.
#
#   cd tests/reference && Rscript make_lambda.R
#
# Makes lambda.json: trees (Newick), traits, and what phytools::phylosig finds. Trees: dated, not dated,
# and a trait without signal. Packages: ape 5.7, phytools 1.5, jsonlite (R 4.2.2).

suppressPackageStartupMessages({
  library(ape)
  library(phytools)
  library(jsonlite)
})

set.seed(8)

case <- function(tree, lambda) {
  covariance <- vcv(tree)
  scaled <- covariance * lambda
  diag(scaled) <- diag(covariance)
  trait <- drop(t(chol(scaled)) %*% rnorm(length(tree$tip.label)))
  names(trait) <- tree$tip.label
  found <- phylosig(tree, trait, method = "lambda", test = TRUE)
  # phytools stops searching early: its own likelihood is maximised on, below or at 1.
  best <- optimize(found$lik, c(0, 1), maximum = TRUE, tol = 1e-10)
  ends <- c(0, best$maximum, 1)
  heights <- sapply(ends, found$lik)
  place <- which.max(heights)
  list(
    tree = write.tree(tree, digits = 15), trait = as.list(trait),
    lambda_phylosig = found$lambda, log_likelihood_phylosig = found$logL,
    lambda = ends[place], log_likelihood = heights[place], log_likelihood_at_0 = found$lik(0)
  )
}

cases <- list(
  ultrametric = case(pbtree(n = 60, scale = 1), 0.8),
  uneven = case(rtree(45), 0.7),
  brownian = case(rcoal(30), 1),
  none = case(rcoal(30), 0)
)
writeLines(toJSON(cases, digits = NA, auto_unbox = TRUE, pretty = TRUE), "lambda.json")
for (name in names(cases)) {
  cat(name, cases[[name]]$lambda, cases[[name]]$lambda_phylosig, cases[[name]]$log_likelihood,
      cases[[name]]$log_likelihood_phylosig, "\n")
}
