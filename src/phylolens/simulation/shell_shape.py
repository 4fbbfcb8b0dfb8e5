"""The outline of a valve as a polar table around the beak, grown by the logarithmic spiral.

A bivalve grows by enlarging its margin about the beak (the umbo's tip): every earlier margin is
the present one made smaller and turned by an angle proportional to the logarithm of its size.
With polar coordinates ``(r, phi)`` around the beak, ``phi`` measured from the ventral direction
and positive towards the posterior end, the margin of size ``g`` is

    r = g * rho(phi'),    phi' = phi + coiling * ln(r / r0)

so each pixel has one growth stage ``g = r / rho(phi')`` and one growth ray ``phi'``. References:
Thompson (1917), On Growth and Form; Raup (1966), Journal of Paleontology 40: 1178-1190.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

DIRECTIONS = 2048  # entries of the polar tables
BEAK_DEPTH = 0.03  # how far the beak lies below the dorsal apex, of the height
BEAK_RADIUS = 0.04  # radius of the knob around the beak, of the height


@dataclass(frozen=True)
class Outline:
    """Polar tables over ``DIRECTIONS`` equal steps of ``phi'`` from -pi; lengths in shell lengths.

    Parameters
    ----------
    rho : array of float32
        Distance from the beak to the margin.
    margin : array of float32
        Position along the free margin, 0 at its anterior and 1 at its posterior end: ribs and
        colour rays are evenly spaced in it.
    free : array of float32
        1 on the free margin, 0 behind the beak, where there are no ribs.
    ear : array of float32
        1 on the auricles, 0 on the disc.
    rough : array of float32
        Relative departure of the margin from its smooth course, growing with age.
    coiling, reference : float
        Turn of the growth spiral in radians per e-fold of size, and its ``r0``.
    points : array, shape (DIRECTIONS, 2)
        The margin as x (posterior positive) and y (dorsal positive) around the beak.
    """

    rho: np.ndarray
    margin: np.ndarray
    free: np.ndarray
    ear: np.ndarray
    rough: np.ndarray
    coiling: float
    reference: float
    points: np.ndarray

    @property
    def size(self) -> float:
        """Geometric mean of length and height."""
        extent = np.ptp(self.points, axis=0)
        return float(np.sqrt(extent[0] * extent[1]))


def directions() -> np.ndarray:
    """Return the directions ``phi'`` of the tables, from -pi (dorsal) over 0 (ventral) to pi."""
    return np.linspace(-np.pi, np.pi, DIRECTIONS, endpoint=False)


def smoothstep(low: float, high: float, value: np.ndarray | float) -> np.ndarray:
    """Return 0 below ``low``, 1 above ``high`` and a smooth rise between."""
    step = np.clip((np.asarray(value) - low) / (high - low), 0, 1)
    return step * step * (3 - 2 * step)


def build_outline(traits: Mapping[str, float], roughness: np.ndarray) -> Outline:
    """Return the outline that ``traits`` describe.

    Parameters
    ----------
    traits : mapping
        Trait values by name, see :data:`phylolens.simulation.traits.TRAITS`.
    roughness : array, shape (DIRECTIONS,)
        The specimen's own irregularity of the margin, standard deviation 1; scaled by the trait
        ``irregularity``.
    """
    phi = directions()
    height = 1 / traits["elongation"]
    body = _polar(_disc(traits), phi)
    knob = BEAK_RADIUS * min(height, 0.8) ** 1.5 * (1 - 0.6 * traits["auricle"])
    body = np.logaddexp(body * 120, knob * 120) / 120  # the beak, rounded
    ears = _ears(phi, traits["auricle"], height)
    ear = smoothstep(0.0, 0.02, ears - body)
    rho = gaussian_filter1d(np.maximum(body, ears), 5, mode="wrap")
    free = smoothstep(2.0, 1.75, np.abs(phi))
    steps = np.hypot(np.gradient(rho), rho * (2 * np.pi / DIRECTIONS)) * free * (1 - 0.85 * ear)
    margin = np.cumsum(steps) / steps.sum()
    rho = rho * _crenulation(traits, margin, free * (1 - ear))
    rough = 0.05 * traits["irregularity"] * roughness * free
    coiling = float(traits["coiling"])
    reference = float(np.quantile(rho, 0.9))
    points = _points(rho * (1 + rough), phi, coiling, reference)
    rho, margin, free, ear, rough = (
        table.astype(np.float32) for table in (rho, margin, free, ear, rough)
    )
    return Outline(rho, margin, free, ear, rough, coiling, reference, points)


def viable(traits: Mapping[str, float]) -> dict[str, float]:
    """Return ``traits`` with combinations unknown in nature drawn towards known ones.

    Auricles go with a central umbo, straight dorsal sides and no coil, as in scallops; very long
    shells are smooth, low and parallel-sided, as in razor clams; irregular, cemented shells
    are not inflated. Everything else is left as it is.
    """
    eared = float(smoothstep(0.0, 0.5, traits["auricle"]))
    slender = float(smoothstep(1.7, 3.4, traits["elongation"])) * (1 - eared)
    changed = dict(traits)

    def towards(name: str, value: float, share: float) -> None:
        changed[name] += share * (value - changed[name])

    towards("elongation", 1.0 if traits["elongation"] > 1 else traits["elongation"], 0.85 * eared)
    for name, value in (("umbo_position", 0.0), ("obliquity", 0.0), ("coiling", 0.0)):
        towards(name, value, eared)
    towards("dorsal_depth", 0.43, eared)
    towards("dorsal_roundness", 1.22, eared)
    towards("posterior_shape", 2.0, eared)
    towards("inflation", 0.16, 0.6 * eared)
    towards("dorsal_roundness", 2.5, slender)
    towards("ventral_roundness", 2.7, slender)
    for name in ("rib_strength", "obliquity", "irregularity", "fold_strength"):
        towards(name, 0.0, slender)
    towards("coiling", 0.0, 0.8 * slender)
    towards("inflation", 0.18, 0.7 * float(traits["irregularity"]))
    return changed


def _disc(traits: Mapping[str, float]) -> np.ndarray:
    """Return the disc's outline as x, y around the beak: four superellipse quarters, sheared.

    The dorsal quarters meet at the umbo, the ventral ones at the deepest point.
    """
    height = 1 / traits["elongation"]
    front, back = 0.5 * (1 + traits["umbo_position"]), 0.5 * (1 - traits["umbo_position"])
    dorsal = height * traits["dorsal_depth"]
    ventral = height - dorsal
    roof, tail = traits["dorsal_roundness"], traits["posterior_shape"]
    belly = traits["ventral_roundness"]
    deepest = 0.55 * 0.5 * (back - front)
    turn = np.linspace(0, np.pi / 2, 240)
    quarters = [
        _quarter(0, 0, -front, dorsal, roof, turn),
        _quarter(deepest, 0, -(front + deepest), -ventral, belly, turn)[::-1],
        _quarter(deepest, 0, back - deepest, -ventral, np.sqrt(belly * tail), turn),
        _quarter(0, 0, back, dorsal, np.sqrt(roof * tail), turn)[::-1],
    ]
    points = np.concatenate(quarters)
    points[:, 1] -= dorsal
    points[:, 0] -= traits["obliquity"] * points[:, 1]
    points[:, 1] += BEAK_DEPTH * height
    return points


def _quarter(
    x: float, y: float, width: float, height: float, power: float, turn: np.ndarray
) -> np.ndarray:
    """Return a superellipse quarter from its top or bottom (turn 0) to its end (turn pi/2)."""
    across, along = np.sin(turn) ** (2 / power), np.cos(turn) ** (2 / power)
    return np.stack([x + width * across, y + height * along], axis=1)


def _polar(points: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """Return the distance to the outline in every direction; the farthest where it folds."""
    angle = np.arctan2(points[:, 0], -points[:, 1])
    radius = np.hypot(points[:, 0], points[:, 1])
    order = np.argsort(angle, kind="stable")
    return np.interp(phi, angle[order], radius[order], period=2 * np.pi)


def _ears(phi: np.ndarray, eared: float, height: float) -> np.ndarray:
    """Return the distance to the auricles: a straight hinge, the anterior ear the larger one."""
    reach = 0.28 * eared * np.where(phi < 0, 1.0, 0.8)
    side = np.abs(np.sin(phi)) + 0.3 * np.cos(phi)  # the hinge is the ears' longest line
    outer = reach / np.maximum(side, 1e-3)
    hinge = BEAK_RADIUS * height * 0.7 / np.maximum(-np.cos(phi), 1e-3)
    return np.minimum(outer, hinge) * smoothstep(0.55, 0.7, np.abs(phi))


def _crenulation(traits: Mapping[str, float], margin: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Return the scalloping of the margin by ribs, deeper where ribs are few and strong."""
    ribs = round(traits["rib_number"])
    depth = 0.16 * traits["rib_strength"] / ribs
    return 1 + depth * np.cos(2 * np.pi * ribs * margin) * free


def _points(rho: np.ndarray, phi: np.ndarray, coiling: float, reference: float) -> np.ndarray:
    """Return the margin as x, y: the inverse of ``phi' = phi + coiling * ln(r / r0)``."""
    turned = phi - coiling * np.log(rho / reference)
    return np.stack([rho * np.sin(turned), -rho * np.cos(turned)], axis=1)
