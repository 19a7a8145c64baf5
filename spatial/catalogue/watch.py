"""Keeps a server's picture of the catalogue the one that is committed."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import asyncpg

from spatial.catalogue.catalogue import LOAD_SQL, Catalogue, catalogue_from_json

CHANNEL: Final = "catalogue"
RETRY_S: Final = 1.0
COMMAND_TIMEOUT_S: Final = 10.0
HEARTBEAT_S: Final = 30.0

log = logging.getLogger(__name__)


async def watch_catalogue(url: str, on_change: Callable[[Catalogue], None]) -> None:
    """Load the catalogue, then load it anew whenever it changes, until cancelled.

    The listening connection is its own. When it breaks, it is opened again and the catalogue loaded again, so that
    nothing that changed meanwhile is missed.

    Parameters
    ----------
    url
        Address of the reader's login.
    on_change
        Takes the new catalogue; called in the event loop.
    """
    while True:
        try:
            await _listen(url, on_change)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("catalogue connection lost, trying again in %s s: %s", RETRY_S, error)
            await asyncio.sleep(RETRY_S)
        except Exception:
            # A layer that cannot be read must not end the watch: the last good catalogue serves on.
            log.exception("catalogue cannot be read, trying again in %s s", RETRY_S)
            await asyncio.sleep(RETRY_S)


async def _listen(url: str, on_change: Callable[[Catalogue], None]) -> None:
    conn = await asyncpg.connect(
        url, timeout=5, command_timeout=COMMAND_TIMEOUT_S, server_settings={"application_name": "shikong catalogue"}
    )
    changed = asyncio.Event()

    def wake(*_args: Any) -> None:
        changed.set()

    try:
        conn.add_termination_listener(wake)
        await conn.add_listener(CHANNEL, wake)
        while not conn.is_closed():
            # Cleared before reading: a change during the load wakes us once more.
            changed.clear()
            on_change(catalogue_from_json(await conn.fetchval(LOAD_SQL)))
            await _wait(conn, changed)
        raise ConnectionResetError("the database closed the connection")
    finally:
        with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await conn.close(timeout=1)


async def _wait(conn: Any, changed: asyncio.Event) -> None:
    """Wait for a change; ask now and then, since a connection whose other end has vanished hears nothing."""
    while not changed.is_set():
        try:
            await asyncio.wait_for(changed.wait(), HEARTBEAT_S)
        except TimeoutError:
            await conn.execute("SELECT 1")
