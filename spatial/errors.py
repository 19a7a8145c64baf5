"""Kinds of failure. Each domain names its own below one of these; ``api/errors.py`` gives them their HTTP status."""


class CityError(Exception):
    """A failure that the house foresaw, told in a sentence that says what to do next."""


class InvalidInput(CityError):
    """What the caller sent cannot be used.

    Parameters
    ----------
    message
        One sentence: what is wrong, and what would be right.
    field
        The parameter, option or column at fault, when there is one.
    zh
        The same sentence in Chinese, where a person is likely to read it.
    """

    def __init__(self, message: str, *, field: str | None = None, zh: str | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.zh = zh


class NotFound(CityError):
    """Nothing stands at the asked name or place."""


class Conflict(CityError):
    """The city's present state forbids the change."""


class Unavailable(CityError):
    """A part that we depend on does not answer now; asking again later may work.

    Parameters
    ----------
    message
        One sentence for the caller.
    retry_after_s
        When to ask again, in whole seconds.
    """

    def __init__(self, message: str, *, retry_after_s: int = 2) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Misconfigured(CityError):
    """The installation lacks something; the sentence names it and the command that mends it."""
