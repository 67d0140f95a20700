"""XML from outside."""

from __future__ import annotations

import pytest

from webidentity.testing.xml_document import MAX_SIZE, XmlError, read_xml

BOMB = "<!DOCTYPE a [<!ENTITY x 'xxxxxxxxxx'><!ENTITY y '&x;&x;&x;&x;'>]><a>&y;</a>"


def test_names_have_their_namespace():
    root = read_xml(b'<p:a xmlns:p="urn:p" p:q="1" r="2">t<b xmlns="urn:b"/>u</p:a>')
    assert root.tag == "{urn:p}a"
    assert root.attrib == {"{urn:p}q": "1", "r": "2"}
    assert root.find("{urn:b}b") is not None
    assert "".join(root.itertext()) == "tu"


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (BOMB, "document type"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type"),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "document type"),
        ("<!DOCTYPE a><a/>", "document type"),
        ('<?xml-stylesheet href="http://evil.test"?><a/>', "instruction"),
        ("<a>&x;</a>", "well-formed"),
        ("<a>", "well-formed"),
        ("", "well-formed"),
        ("<a/><b/>", "well-formed"),
        ('<?xml version="1.0" encoding="utf-7"?><a>+ADw-</b>', "well-formed"),
        ("<a>\x00</a>", "well-formed"),
        ("<p:a/>", "well-formed"),
        ("<a>" * 65 + "</a>" * 65, "too deeply"),
        ("<a>" + "x" * MAX_SIZE + "</a>", "too large"),
    ],
)
def test_refused(document, why):
    with pytest.raises(XmlError, match=why):
        read_xml(document.encode())


def test_the_encoding_is_utf_8_whatever_the_document_says():
    with pytest.raises(XmlError):
        read_xml("<a>é</a>".encode("utf-16"))
    with pytest.raises(XmlError):
        read_xml(b"<a>\xff</a>")
    assert read_xml("<?xml version='1.0' encoding='iso-8859-1'?><a>é</a>".encode()).text == "é"


def test_depth_and_size_within_bounds():
    assert read_xml(b"<a>" * 64 + b"</a>" * 64).tag == "a"
