# Reference values of trees from R for the tests; R itself is never needed to run them.
#
#   cd tests/reference && Rscript make_trees.R
#
# Writes trees.json and tree_cloud.csv. Inputs: patristic.csv, cloud_first.csv and
# trait_distances.csv of this folder. Packages: ape 5.7, phangorn 2.11.1, jsonlite 1.8.4 (R 4.2.2).

suppressPackageStartupMessages({
  library(ape)
  library(phangorn)
  library(jsonlite)
})

read_matrix <- function(name) {
  values <- as.matrix(read.csv(paste0(name, ".csv"), row.names = 1, check.names = FALSE))
  dimnames(values) <- list(rownames(values), rownames(values))
  (values + t(values)) / 2
}

newick <- function(tree) write.tree(tree, digits = 17)

# --- Trees from matrices, with branch lengths, and the paths in them.
set.seed(20261)
points <- matrix(rnorm(40 * 4), 40)
rownames(points) <- paste0("t", 1:40)
write.csv(format(as.matrix(dist(points)), digits = 16, trim = TRUE), "tree_cloud.csv", quote = FALSE)

# Balanced minimum evolution adds taxa in the order of rows: both sides take them sorted by name.
of_matrix <- function(name) {
  values <- read_matrix(name)
  taxa <- sort(rownames(values), method = "radix")
  values <- values[taxa, taxa]
  trees <- list(
    nj = ape::nj(values),
    bme = ape::fastme.bal(values, nni = FALSE, spr = FALSE, tbr = FALSE),
    upgma = phangorn::upgma(as.dist(values))
  )
  lapply(trees, function(tree) {
    paths <- cophenetic(tree)[taxa, taxa]
    list(newick = newick(tree), taxa = taxa, paths = paths)
  })
}
matrices <- c("cloud_first", "trait_distances", "tree_cloud", "patristic")
built <- setNames(lapply(matrices, of_matrix), matrices)

# --- Robinson-Foulds distances: binary, with polytomies, rooted with unrooted, many tips.
collapse <- function(tree, share) {
  tree$edge.length <- runif(nrow(tree$edge))
  unroot(di2multi(tree, tol = share))
}
random_pair <- function(n, first, second) {
  one <- rtopology(n, rooted = FALSE, tip.label = paste0("t", 1:n))
  two <- rNNI(one, moves = max(2, n %/% 4))  # some splits stay
  list(collapse(one, first), collapse(two, second))
}

# Whether two trees group four tips alike, by pruning to them: slow, plain and independent.
same_group <- function(first, second, four) {
  pruned <- lapply(list(first, second), function(tree) unroot(keep.tip(tree, four)))
  suppressMessages(RF.dist(pruned[[1]], pruned[[2]])) == 0  # it remarks on polytomies
}
quartets <- function(first, second) {
  fours <- combn(first$tip.label, 4, simplify = FALSE)
  mean(!vapply(fours, function(four) same_group(first, second, four), logical(1)))
}

of_pair <- function(n, first, second, with_quartets) {
  pair <- random_pair(n, first, second)
  pair <- lapply(pair, function(tree) { tree$edge.length <- NULL; tree })
  value <- list(
    first = write.tree(pair[[1]]),
    second = write.tree(pair[[2]]),
    rf = suppressMessages(RF.dist(pair[[1]], pair[[2]])),
    rf_normalised = suppressMessages(RF.dist(pair[[1]], pair[[2]], normalize = TRUE))
  )
  if (with_quartets) value$quartet <- quartets(pair[[1]], pair[[2]])
  value
}
set.seed(20262)
cases <- list(c(6, 0, 0), c(8, 0, 0), c(9, 0.4, 0), c(9, 0.4, 0.4), c(10, 0, 0.5),
              c(40, 0, 0), c(40, 0.3, 0.3), c(120, 0, 0), c(120, 0.2, 0))
pairs <- lapply(cases, function(case) of_pair(case[1], case[2], case[3], case[1] <= 10))

writeLines(
  toJSON(list(matrices = built, pairs = pairs), digits = NA, auto_unbox = TRUE, pretty = FALSE),
  "trees.json"
)
