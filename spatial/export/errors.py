"""What can go wrong with an export, and how failures of PostgreSQL are told."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg import errors

from spatial.crs import Crs
from spatial.errors import CityError, Conflict, InvalidInput, Unavailable
from spatial.query.errors import OutsideCrs


class TooLarge(Conflict):
    """The format cannot hold that much."""


class CannotWrite(CityError):
    """The format's writer refused, or the disk is full."""


SLOW: Final = "The database needed too long for this export. Ask for less: a smaller bbox or limit, or a filter."
REPLACED: Final = "The layer is just being replaced. Ask again."
SILENT: Final = "The database does not answer at the moment. Ask again."


@contextmanager
def told(crs: Crs) -> Iterator[None]:
    """Turn failures of PostgreSQL inside the block into failures of the house.

    Raises
    ------
    Unavailable
        It was too slow, went away, or the layer is being replaced.
    OutsideCrs
        Some feature lies where the asked reference system is not defined.
    InvalidInput
        It cannot compute what was asked, such as a division by zero in a filter.
    """
    try:
        yield
    except errors.QueryCanceled as error:
        raise Unavailable(SLOW) from error
    except (errors.UndefinedTable, errors.UndefinedColumn, errors.UndefinedFunction) as error:
        raise Unavailable(REPLACED) from error
    except errors.InternalError_ as error:
        # Refusals of PROJ, and of PostGIS in a filter (an edge half around the earth), reach us as internal errors.
        if "transform" in str(error):
            raise OutsideCrs(crs) from error
        raise _uncomputable(error) from error
    except psycopg.DataError as error:
        raise _uncomputable(error) from error
    except (psycopg.OperationalError, psycopg.InterfaceError, errors.InsufficientPrivilege) as error:
        raise Unavailable(SILENT) from error


def _uncomputable(error: psycopg.Error) -> InvalidInput:
    why = error.diag.message_primary or "a value is out of range"
    return InvalidInput(f"The database cannot compute what was asked: {why}.", field="filter")
