"""The wording of messages: log lines, and errors that are azure-core's too, are checked while all tests run.

The level of the loggers is that of the test: a line that is not logged is not checked.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from azure.core.exceptions import AzureError

#: A text that was put together wrongly: two full stops, or white space at the end.
_WRONG = re.compile(r"(?<!\.)\.\.(\s|$)|\.\s+\.(\s|$)|\s$")


def is_wrong(text: str) -> bool:
    """Whether the text looks like two that were put together without care."""
    return _WRONG.search(text) is not None


class _Reader(logging.Handler):
    def __init__(self, found: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        if is_wrong(record.getMessage()):
            self._found.append(f"{record.pathname}:{record.lineno} logs {record.getMessage()!r}")


@contextmanager
def wrong_messages() -> Iterator[list[str]]:
    """Collect the messages of the package's loggers and errors that are worded wrongly."""
    found: list[str] = []
    reader, original = _Reader(found), AzureError.__init__

    def __init__(self: AzureError, message: object, *args: Any, **kwargs: Any) -> None:
        original(self, message, *args, **kwargs)
        if type(self).__module__.startswith("webidentity") and is_wrong(str(message)):
            found.append(f"{type(self).__name__} says {message!r}")

    loggers = [logging.getLogger(name) for name in ("webidentity", "webidentity_flask", "webidentity_django")]
    for logger in loggers:
        logger.addHandler(reader)
    AzureError.__init__ = __init__
    try:
        yield found
    finally:
        AzureError.__init__ = original
        for logger in loggers:
            logger.removeHandler(reader)
