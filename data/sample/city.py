"""The sample city, community by community."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import shapely

from data.sample.blocks import blocks_of
from data.sample.crossings import CrossingPlan
from data.sample.divisions import zone_of
from data.sample.doorplates import add_addresses
from data.sample.fabric import furnish
from data.sample.ground import make_ground
from data.sample.lattice import make_lattice
from data.sample.names import make_names
from data.sample.pipes import add_pipes
from data.sample.plots import Community, add_grid, add_park, add_plot, grid_outline
from data.sample.regions import make_regions
from data.sample.rows import Area
from data.sample.sizes import EXTENTS, Extent, SampleSize
from data.sample.streets import Square, StreetPlan, road_row
from spatial.places.types import EstateKind


def make_plan(size: SampleSize, seed: int) -> StreetPlan:
    """Choose the squares that a city of a size builds up, and lay its roads."""
    ground, regions = make_ground(seed), make_regions(seed)
    squares = list(ground.urban.items())[: EXTENTS[size].superblocks]
    built = {square: str(regions.community_of[piece]) for square, piece in squares}
    return StreetPlan(make_lattice(seed), make_names(seed), built, seed)


def count_areas(size: SampleSize, seed: int) -> int:
    """Return how many communities a city of a size builds up."""
    return len(_holdings(make_plan(size, seed)))


def make_areas(size: SampleSize, seed: int) -> Iterator[Area]:
    """Build the city's communities in the order of their codes, which keeps neighbours together.

    Parameters
    ----------
    size
        How many squares are built up.
    seed
        The same seed makes the same rows.
    """
    plan, extent = make_plan(size, seed), EXTENTS[size]
    crossings = CrossingPlan(plan, _local_pipes(plan, extent))
    for code, pieces in sorted(_holdings(plan).items()):
        yield _make_area(code, crossings, pieces, extent)


def _holdings(plan: StreetPlan) -> dict[str, list[int]]:
    """Return all ground of the communities that hold a part of a built square."""
    ground, community_of = make_ground(plan.seed), make_regions(plan.seed).community_of.tolist()
    held: dict[str, list[int]] = defaultdict(list)
    for piece, code in enumerate(community_of):
        held[code].append(piece)
    touched = {
        community_of[piece] for piece, square in enumerate(ground.squares.tolist()) if tuple(square) in plan.built
    }
    return {code: held[code] for code in touched}


def _local_pipes(plan: StreetPlan, extent: Extent) -> frozenset[Square]:
    draws = {square: np.random.default_rng([plan.seed, 12, *square]).random() for square in plan.built}
    return frozenset(square for square, draw in draws.items() if draw < extent.local_pipes_share)


def _make_area(code: str, crossings: CrossingPlan, pieces: list[int], extent: Extent) -> Area:
    """Build one community, piece by piece of its ground."""
    plan = crossings.plan
    ground, regions = make_ground(plan.seed), make_regions(plan.seed)
    managed_code = code if zone_of(code) else None
    street_text = regions.full_name(code[:9] + "000")
    community = Community(code, regions.names[code], street_text, managed_code, Area(code))
    for piece in pieces:
        i, j = ground.squares[piece].tolist()
        if (i, j) not in plan.built:
            add_grid(community, ground.pieces[piece])
            continue
        rng = np.random.default_rng([plan.seed, 11, i, j])
        if ground.urban[i, j] == piece:
            for street in plan.owned((i, j)):
                community.area.roads.append(road_row(street, f"{int(rng.integers(1985, 2015))}-01-01"))
            add_pipes(community, crossings, (i, j))
        _build_blocks(community, plan, (i, j), ground.pieces[piece], rng, extent)
    return community.area


def _build_blocks(
    community: Community,
    plan: StreetPlan,
    square: Square,
    piece: shapely.Geometry,
    rng: np.random.Generator,
    extent: Extent,
) -> None:
    """Build the blocks of a square, or, where a county's border cuts it, of a piece; blocks on the border are green."""
    blocks = blocks_of(plan, square)
    outlines = [grid_outline(block) for block in blocks]
    is_cut = abs(shapely.area(piece) - sum(map(shapely.area, outlines))) > 1e-12
    shared = add_grid(community, piece) if is_cut else None
    shapely.prepare(piece)
    for block, outline in zip(blocks, outlines, strict=True):
        if is_cut and not shapely.contains(piece, outline):
            add_park(community, block, piece)
            continue
        fabric = furnish(block, rng, in_zone=community.managed_code is not None)
        grid_code = shared or add_grid(community, outline)
        name = plan.names.estate(block.serial, fabric.estate or EstateKind.RESIDENTIAL)
        plot = add_plot(community, fabric, grid_code, rng, name=name)
        add_addresses(community, plot, rng, extent)
