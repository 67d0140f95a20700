"""XML from outside, read without the parts of XML that attack whoever reads it.

A document type declaration is refused before anything of it is read: with it go entities, whether they grow without end
or fetch a file. Size and depth are bounded (OWASP, "XML External Entity Prevention").
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import TreeBuilder
from xml.parsers import expat

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

#: The longest document, in bytes, and the deepest nesting.
MAX_SIZE = 64 * 1024
_MAX_DEPTH = 64


class XmlError(ValueError):
    """The document cannot be read, or is one that must not be."""


def read_xml(data: bytes) -> Element:
    """The root element of a document in UTF-8; names are ``{namespace}local``."""
    if len(data) > MAX_SIZE:
        raise XmlError("The document is too large.")
    builder, depth = TreeBuilder(), 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise XmlError("The document is nested too deeply.")
        builder.start(_clark(name), {_clark(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_clark(name))

    parser = expat.ParserCreate("utf-8", "}")
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = _refuse
    parser.ProcessingInstructionHandler = _refuse
    try:
        parser.Parse(data.decode("utf-8"), True)
    except (expat.ExpatError, UnicodeDecodeError):
        raise XmlError("The document is not well-formed XML.") from None
    return builder.close()


def _refuse(*_: object) -> None:
    raise XmlError("The document has a document type or an instruction, which is not accepted.")


def _clark(name: str) -> str:
    return f"{{{name}" if "}" in name else name
