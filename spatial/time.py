"""The city's clock."""

from typing import Final

CITY_TIME: Final = "Asia/Shanghai"
"""Time zone of the city, by its IANA name: moments without a zone are taken for it, and years are counted in it."""
