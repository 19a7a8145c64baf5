"""Names of the schemas, for whoever needs the names and not the tables."""

from typing import Final

CITY: Final = "city"
"""Schema of the layers that the house itself defines."""
IMPORTED: Final = "imported"
"""Schema of the layers that users bring in as files."""
CATALOGUE: Final = "catalogue"
"""Schema of the table of layers."""
