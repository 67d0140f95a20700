"""Everything that an application could log or show: all log records, and errors with their variables."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from tests.kit.canned import lines_of


class Records(logging.Handler):
    """Keeps every record of every logger, in full."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(f"{logging.Formatter().format(record)} {record.args!r} {vars(record)!r}")


@contextmanager
def all_logs() -> Iterator[Records]:
    """Record everything that is logged at DEBUG and above."""
    records, root = Records(), logging.getLogger()
    level = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(records)
    try:
        yield records
    finally:
        root.removeHandler(records)
        root.setLevel(level)


def with_variables(error: BaseException) -> str:
    """Return the traceback with the variables of every frame but those of the tests, and of all causes."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    chain: list[traceback.TracebackException | None] = [shown]
    while chain:
        each = chain.pop()
        if each is not None:
            each.stack[:] = [frame for frame in each.stack if "/tests/" not in frame.filename]
            chain += [each.__cause__, each.__context__]
    return "".join(shown.format())


def shown_of(error: BaseException) -> str:
    """Return everything that a debug page would show of the error."""
    shown = [str(error), repr(error), lines_of(error.args), repr(vars(error).keys()), with_variables(error)]
    return lines_of([*shown, "".join(traceback.format_exception(error))])
