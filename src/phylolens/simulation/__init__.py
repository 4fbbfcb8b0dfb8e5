"""Simulated worlds whose truth is known: trees, evolving shells, their images, or features."""

from phylolens.simulation.brownian import brownian, with_lambda
from phylolens.simulation.camera import View, draw_view
from phylolens.simulation.features import simulate_features, write_features
from phylolens.simulation.shell import render_shell
from phylolens.simulation.spec import WorldSpec
from phylolens.simulation.traits import TRAITS, named_traits, trait_values
from phylolens.simulation.tree import NamedTree, birth_death_tree
from phylolens.simulation.world import World, build_world, render_image, simulate_world

__all__ = [
    "TRAITS",
    "NamedTree",
    "View",
    "World",
    "WorldSpec",
    "birth_death_tree",
    "brownian",
    "build_world",
    "draw_view",
    "named_traits",
    "render_image",
    "render_shell",
    "simulate_features",
    "simulate_world",
    "trait_values",
    "with_lambda",
    "write_features",
]
