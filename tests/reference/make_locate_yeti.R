# Unknowns placed by phytools' locate.yeti (Revell et al. 2015, Evolution 69:1027) for the tests; R
# itself is never needed to run them.
#
#   cd tests/reference && Rscript make_locate_yeti.R
#
# Makes
# - locate_yeti.nwk: a dated tree of 74 tips (pure birth, height 1);
# - locate_yeti_traits.csv: five independent Brownian traits of rate 1;
# - locate_yeti.csv: 50 tips, each left out and placed anew, method "ML". For each, the best
#   log-likelihood, the tips below the branch found, how far above that branch's lower end the tip
#   is attached, and its own length. `search` is locate.yeti's; ten are placed once more with one
#   trait, which phytools does not rotate, and six by its exhaustive search: the first five, and one
#   that its heuristic search places on another branch.
# Packages: ape 5.7, phytools 1.5 (R 4.2.2). Seven minutes. README.md says what is maximised.

suppressPackageStartupMessages({
  library(ape)
  library(phytools)
})

set.seed(1027)
QUERIES <- 50
ONE_TRAIT <- 10
EXHAUSTIVE <- 5
MISSED <- "t51"

grown <- pbtree(n = 74, scale = 1)
write.tree(grown, "locate_yeti.nwk", digits = 15)
tree <- read.tree("locate_yeti.nwk")
traits <- sapply(1:5, function(k) fastBM(tree))
traits <- traits[tree$tip.label, ]
colnames(traits) <- paste0("trait", 1:5)
write.csv(format(traits, digits = 16, trim = TRUE), "locate_yeti_traits.csv", quote = FALSE)

# The place is read off the tree that is returned: the unknown's sister is what lies below.
place <- function(unknown, used, search) {
  found <- locate.yeti(drop.tip(tree, unknown), traits[, seq_len(used), drop = FALSE],
                       method = "ML", search = search, quiet = TRUE)
  tip <- match(unknown, found$tip.label)
  fork <- found$edge[found$edge[, 2] == tip, 1]
  sister <- setdiff(found$edge[found$edge[, 1] == fork, 2], tip)
  stopifnot(length(sister) == 1)
  under <- if (sister <= Ntip(found)) found$tip.label[sister] else {
    extract.clade(found, sister)$tip.label
  }
  data.frame(
    unknown = unknown, traits = used, search = search,
    log_likelihood = format(found$logL, digits = 16),
    above = format(found$edge.length[found$edge[, 2] == sister], digits = 16),
    pendant = format(found$edge.length[found$edge[, 2] == tip], digits = 16),
    below = paste(sort(under, method = "radix"), collapse = "|")
  )
}

unknowns <- sample(tree$tip.label, QUERIES)
several <- function(names, used, search) {
  do.call(rbind, lapply(names, function(name) {
    taken <- system.time(row <- place(name, used, search))[["elapsed"]]
    cat(name, used, search, row$log_likelihood, round(taken, 1), "s\n")
    row
  }))
}
rows <- rbind(
  several(unknowns, 5, "heuristic"),
  several(head(unknowns, ONE_TRAIT), 1, "heuristic"),
  several(c(head(unknowns, EXHAUSTIVE), MISSED), 5, "exhaustive")
)
write.csv(rows, "locate_yeti.csv", quote = FALSE, row.names = FALSE)
