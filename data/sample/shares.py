"""Sharing pieces of ground among regions, so that each region is of one piece where the ground allows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.sample.ground import Ground, is_splinter
from data.sample.lattice import Floats


@dataclass(frozen=True, slots=True)
class Claim:
    """A region that wants ground.

    Attributes
    ----------
    key
        Its code.
    weight
        How much ground it wants beside the others.
    needs
        Whole pieces that it must get at least: one for each community below it.
    """

    key: str
    weight: float
    needs: int


def bisect(ground: Ground, pieces: list[int], claims: Sequence[Claim]) -> dict[str, list[int]]:
    """Share pieces among claims by cutting the ground in two across its longer axis, again and again.

    Parameters
    ----------
    ground
        The whole ground.
    pieces
        The pieces to share.
    claims
        Who wants them; neighbours in the list become neighbours on the ground.
    """
    if len(claims) == 1:
        return {claims[0].key: pieces}
    half = len(claims) // 2
    first, second = claims[:half], claims[half:]
    a, b = part(ground, pieces, along_axis(ground, pieces), first, second)
    return {**bisect(ground, a, first), **bisect(ground, b, second)}


def part(
    ground: Ground, pieces: list[int], order: Floats, first: Sequence[Claim], second: Sequence[Claim]
) -> tuple[list[int], list[int]]:
    """Cut pieces in two by an order, in proportion to what the two sides want, and mend what falls apart.

    Parameters
    ----------
    order
        One number for each of ``pieces``; the lowest go to ``first``.
    """
    ranked = [pieces[k] for k in np.argsort(order, kind="stable")]
    counts = np.cumsum(~is_splinter(ground)[ranked])
    areas = np.cumsum(ground.areas_m2[ranked])
    wants = sum(claim.weight for claim in first), sum(claim.weight for claim in second)
    least = sum(claim.needs for claim in first), sum(claim.needs for claim in second)
    cut = int(np.searchsorted(areas, areas[-1] * wants[0] / (wants[0] + wants[1])))
    lowest = int(np.searchsorted(counts, least[0])) + 1
    highest = int(np.searchsorted(counts, counts[-1] - least[1], side="right"))
    cut = max(lowest, min(cut, highest))
    a, b = set(ranked[:cut]), set(ranked[cut:])
    _mend(ground, a, b, least[0])
    _mend(ground, b, a, least[1])
    return sorted(a), sorted(b)


def along_axis(ground: Ground, pieces: list[int]) -> Floats:
    """Return the place of each piece along the longer axis of their ground."""
    places = ground.centres_m[pieces]
    _, axes = np.linalg.eigh(np.cov((places - places.mean(axis=0)).T))
    axis = axes[:, -1] * np.sign(axes[np.argmax(np.abs(axes[:, -1])), -1])
    along: Floats = places @ axis
    return along


def from_place(ground: Ground, pieces: list[int], place_m: Floats) -> Floats:
    """Return the distance of each piece from a place in EPSG:4548."""
    away: Floats = np.hypot(*(ground.centres_m[pieces] - place_m).T)
    return away


def _mend(ground: Ground, side: set[int], other: set[int], least: int) -> None:
    """Give the islands of one side to the other, as long as enough whole pieces remain."""
    islands = _islands(ground, side)
    whole = ~is_splinter(ground)
    remaining = int(whole[list(side)].sum())
    for island in islands[1:]:
        touches = any(near in other for piece in island for near in ground.neighbours[piece])
        remaining -= int(whole[list(island)].sum())
        if not touches or remaining < least:
            continue
        side -= island
        other |= island


def _islands(ground: Ground, pieces: set[int]) -> list[set[int]]:
    """Return the connected parts, the largest first."""
    left, islands = set(pieces), []
    while left:
        frontier = {min(left)}
        island = set(frontier)
        while frontier:
            touched = {near for piece in frontier for near in ground.neighbours[piece]}
            frontier = (touched & left) - island
            island |= frontier
        left -= island
        islands.append(island)
    return sorted(islands, key=lambda island: (-len(island), min(island)))
