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
from data.sample.ground import Ground, make_ground
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
    return len(set(make_plan(size, seed).built.values()))


def make_areas(size: SampleSize, seed: int) -> Iterator[Area]:
    """Build the city's communities in the order of their codes, which keeps neighbours together.

    Parameters
    ----------
    size
        How many squares are built up.
    seed
        The same seed makes the same rows.
    """
    plan, ground = make_plan(size, seed), make_ground(seed)
    squares: dict[str, list[Square]] = defaultdict(list)
    for square, community in plan.built.items():
        squares[community].append(square)
    order = np.argsort(make_regions(seed).community_of, kind="stable")
    held: dict[str, list[int]] = defaultdict(list)
    for piece in order.tolist():
        held[str(make_regions(seed).community_of[piece])].append(piece)
    crossings = CrossingPlan(plan, _local_pipes(plan, EXTENTS[size]))
    for code in sorted(squares):
        yield _make_area(code, crossings, ground, sorted(squares[code]), held[code], EXTENTS[size])


def _local_pipes(plan: StreetPlan, extent: Extent) -> frozenset[Square]:
    draws = {square: np.random.default_rng([plan.seed, 12, *square]).random() for square in plan.built}
    return frozenset(square for square, draw in draws.items() if draw < extent.local_pipes_share)


def _make_area(
    code: str, crossings: CrossingPlan, ground: Ground, squares: list[Square], pieces: list[int], extent: Extent
) -> Area:
    """Build one community, piece by piece of its ground."""
    plan = crossings.plan
    regions = make_regions(plan.seed)
    managed_code = code if zone_of(code) else None
    street_text = regions.full_name(code[:9] + "000")
    community = Community(code, regions.names[code], street_text, managed_code, Area(code))
    home = {ground.urban[square]: square for square in squares}
    for piece in pieces:
        square = home.get(piece)
        rng = np.random.default_rng([plan.seed, 11, *ground.squares[piece].tolist()])
        if square is None:
            add_grid(community, ground.pieces[piece])
        else:
            _build_square(community, plan, square, ground.pieces[piece], rng, extent)
            add_pipes(community, crossings, square)
    return community.area


def _build_square(
    community: Community,
    plan: StreetPlan,
    square: Square,
    piece: shapely.Geometry,
    rng: np.random.Generator,
    extent: Extent,
) -> None:
    """Build the blocks of a square; where a county's border cuts it, only those that stay on its own side."""
    for street in plan.owned(square):
        community.area.roads.append(road_row(street, f"{int(rng.integers(1985, 2015))}-01-01"))
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
