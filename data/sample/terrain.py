"""The shape of the ground: ridges and valleys that run along main roads, so that water finds its way down each road.

A place is given in squares of the lattice, as floats. Along each axis the ground falls from a ridge to a valley over
five squares and rises again over the next five; it never lies flat between them.
"""

from typing import Final

import numpy as np

from data.sample.lattice import Floats

RIDGE_M: Final = 38.0
"""Where two ridges cross; valleys that cross lie at 19 m (1985 national height datum)."""

_FOLD: Final = 5
_FALL_M: Final = 1.9
_SWELL_M: Final = 0.5
_SWELL_SQUARES: Final = 2.5


def ground_m(u: Floats, v: Floats) -> Floats:
    """Return the ground's elevation, rounded to millimetres.

    >>> import numpy as np
    >>> ground_m(np.array([0.0, 5.0]), np.array([0.0, 5.0])).tolist()
    [38.0, 19.0]
    """
    height: Floats = np.round(RIDGE_M - _drop(_from_ridge(u)) - _drop(_from_ridge(v)), 3)
    return height


def falls_forward(line: int) -> bool:
    """Tell whether the ground falls from a lattice line to the next one up."""
    return line % (2 * _FOLD) < _FOLD


def level(i: int, j: int) -> int:
    """Return how many squares a lattice vertex lies below the ridges, 0 to 10: pipes grow with it.

    >>> level(0, 0), level(5, 5), level(7, 1)
    (0, 10, 4)
    """
    below = [min(line % (2 * _FOLD), -line % (2 * _FOLD)) for line in (i, j)]
    return below[0] + below[1]


def _from_ridge(place: Floats) -> Floats:
    within = np.mod(place, 2 * _FOLD)
    below: Floats = np.minimum(within, 2 * _FOLD - within)
    return below


def _drop(squares: Floats) -> Floats:
    turn = 2 * np.pi / _SWELL_SQUARES
    drop: Floats = _FALL_M * squares - _SWELL_M / turn * np.sin(turn * squares)
    return drop
