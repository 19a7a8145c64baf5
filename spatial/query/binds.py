"""Bound values and quoted names: no text of a client ever becomes SQL."""


class Binds:
    """Collects the values of one statement."""

    def __init__(self) -> None:
        self.values: list[object] = []

    def add(self, value: object, sql_type: str) -> str:
        """Bind a value and return its placeholder with its type, such as ``$3::float8``."""
        self.values.append(value)
        return f"${len(self.values)}::{sql_type}"


def quoted(name: str) -> str:
    """Quote a name of the catalogue as an SQL identifier.

    >>> quoted('层数'), quoted('a"b')
    ('"层数"', '"a""b"')
    """
    return '"' + name.replace('"', '""') + '"'
