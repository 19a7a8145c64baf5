"""Making the database ready: shape, built-in layers, and the sample city where nothing stands yet."""

import shutil
from enum import StrEnum
from typing import Any, Final

import psycopg
from psycopg import sql

from api.cli.console import good, progress_bar, step
from api.cli.database import owner
from data.catalogue.read import read_layers
from data.migrate import migrate
from data.sample.load import load_sample
from data.sample.sizes import SampleSize
from spatial.catalogue.queries import refresh_layer
from spatial.db.access import Access
from spatial.db.locks import SAMPLE_LOCK
from spatial.errors import Conflict, Misconfigured
from spatial.settings import Settings

TRUTH: Final = "sample_truth.jsonl"
# A city of 650,000 addresses with its indexes takes about 2 GB; the write-ahead log as much again while it is written.
MIN_FREE_BYTES: Final = 1_000_000_000


class Sample(StrEnum):
    """Which sample city goes into an empty database."""

    DEMO = "demo"
    SMALL = "small"
    CITY = "city"
    NONE = "none"


def prepare(settings: Settings, access: Access, sample: Sample) -> None:
    """Bring the database to the present shape, and fill it when it is empty.

    Harmless when repeated. The sample is committed only when it is whole: an interrupted run leaves nothing of it.
    """
    step("检查数据库结构", "database migrations")
    migrate(access.owner_url)
    if sample is not Sample.NONE:
        with owner(access) as conn:
            empty = is_empty(conn)
        if empty:
            fill(settings, access, sample)


def is_empty(conn: psycopg.Connection[Any]) -> bool:
    """Tell whether no built-in layer has a feature."""
    layers = [sql.Identifier(layer.db_schema, layer.table) for layer in read_layers()]
    exists = sql.SQL(" OR ").join(sql.SQL("EXISTS (SELECT FROM {})").format(layer) for layer in layers)
    row = conn.execute(sql.SQL("SELECT NOT ({})").format(exists)).fetchone()
    return bool(row and row[0])


def fill(settings: Settings, access: Access, sample: Sample) -> None:
    """Write the sample city in one transaction.

    Raises
    ------
    Conflict
        The city is not empty.
    """
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(settings.state_dir).free < MIN_FREE_BYTES:
        raise Misconfigured(f"Less than 1 GB is free under {settings.state_dir}. Make room, then run ./run up again.")
    bar = progress_bar("正在生成示例城市（合成数据）", "building the sample city (synthetic)")
    with bar as show, owner(access) as conn:
        # Two who fill at once: the second waits, and then finds the city full.
        conn.execute("SELECT pg_advisory_xact_lock(%s)", [SAMPLE_LOCK])
        if not is_empty(conn):
            raise Conflict("The city is not empty: a sample goes into an empty one only.")
        load_sample(conn, SampleSize(sample.value), truth_path=settings.state_dir / TRUTH, progress=show)
        layers = read_layers()
        for done, layer in enumerate(layers, start=1):
            refresh_layer(conn, layer)
            show("统计图层 / counting layers", done, len(layers))
    with psycopg.connect(access.owner_url, autocommit=True) as conn:
        # The planner knows nothing of a table that has just been filled.
        conn.execute("ANALYZE")
    good("示例城市已就绪", "the sample city is ready (synthetic data)")
