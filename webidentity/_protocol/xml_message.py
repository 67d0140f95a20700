"""XML from a federation server: read without document types, so that nothing in it can refer to anything else."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

#: Characters that are read; a metadata document of AD FS has about 60,000.
_LONGEST = 1 << 20
#: Elements within each other; AD FS has about 15. Searches below each of many would take time that grows faster than
#: the text.
_DEEPEST = 64


def parse_xml(text: str) -> "Element | None":
    """Return the root element, or None if the text is no XML, too long or too deep, or has a document type."""
    from xml.etree import ElementTree as ET

    if len(text) > _LONGEST or "<!DOCTYPE" in text or _is_deep(text):
        return None
    try:
        return ET.fromstring(text)  # noqa: S314 - entities can only be declared in a document type
    except (ET.ParseError, ValueError):
        return None


def _is_deep(text: str) -> bool:
    """Whether the text has too many elements within each other, as far as it is XML."""
    from xml.parsers import expat

    depth = 0

    def start(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise OverflowError

    def end(_: object) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        parser.Parse(text, True)
    except OverflowError:
        return True
    except (expat.ExpatError, ValueError):
        return False  # the parser below will say so too
    return False


def child_of(text: str, namespace: str, name: str) -> str | None:
    """Return the first element in the first element of that name, from its first character to its last.

    Signed content must not be parsed and written anew: prefixes would change, and with them the signature.
    """
    from xml.parsers import expat

    if parse_xml(text) is None:
        return None
    data = text.encode()
    parser = expat.ParserCreate(encoding="utf-8", namespace_separator=" ")
    depth = parent = 0
    bounds: list[int] = []

    def start(tag: str, _: object) -> None:
        nonlocal depth, parent
        depth += 1
        if parent and depth == parent + 1 and not bounds:
            bounds.append(parser.CurrentByteIndex)
        elif not parent and tag == f"{namespace} {name}":
            parent = depth

    def end(_: str) -> None:
        nonlocal depth
        if parent and depth == parent + 1 and len(bounds) == 1:
            bounds.append(parser.CurrentByteIndex)
        elif depth == parent and not bounds:
            # It was empty.
            bounds.extend((0, 0))
        depth -= 1

    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        parser.Parse(data, True)
    except expat.ExpatError:
        return None
    if len(bounds) != 2 or bounds == [0, 0]:
        return None
    first, last = bounds
    end_of_first = _end_of_tag(data, first)
    is_empty = data[end_of_first - 2 : end_of_first] == b"/>"
    return data[first : end_of_first if is_empty else data.index(b">", last) + 1].decode()


def _end_of_tag(data: bytes, start: int) -> int:
    """Return the position after the tag that begins at ``start``; a ``>`` in an attribute's value does not end it."""
    quote = 0
    for position in range(start, len(data)):
        byte = data[position]
        if quote:
            quote = 0 if byte == quote else quote
        elif byte in b"\"'":
            quote = byte
        elif byte == ord(">"):
            return position + 1
    return len(data)
