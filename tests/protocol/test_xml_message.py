"""XML from a federation server: read without harm, and cut out without a change."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webidentity._protocol.xml_message import child_of, parse_xml

ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
LAUGHS = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e0 "ha">{ENTITIES}]><a>&e9;</a>'
NAME = "urn:t"


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        "<!doctype a><a/>",
        "<a>&x;</a>",
        "<a>&nbsp;</a>",
        "<a>\ud800</a>",
        "<a>&#xd800;</a>",
        "<a>\0</a>",
        "<a><b></a></b>",
        '<a x="1" x="2"/>',
        '<p:a xmlns:q="u"/>',
        "<a/><b/>",
        "",
        " ",
        "{}",
        "<a>" * 65 + "</a>" * 65,
        "<a>" * 200_000,
        "<a>" * 100_000 + "</a>" * 100_000,
        f"<a>{'x' * (1 << 20)}</a>",
    ],
)
def test_what_is_not_read(text: str) -> None:
    """And does not take long."""
    began = time.perf_counter()
    assert parse_xml(text) is None
    assert child_of(text, NAME, "r") is None
    assert time.perf_counter() - began < 10


@pytest.mark.parametrize(
    "text",
    ['<?xml version="1.0" encoding="utf-16"?><a>é</a>', "<a>" * 64 + "é" + "</a>" * 64, "\ufeff<a>é</a>"],
    ids=["a declaration that does not count", "as deep as may be", "a byte order mark"],
)
def test_what_is_read(text: str) -> None:
    """Characters are characters, whatever the declaration says of bytes."""
    root = parse_xml(text)
    assert root is not None
    assert "é" in "".join(root.itertext())


@pytest.mark.parametrize("count", [2, 30_000])
def test_many_siblings_are_no_harm(count: int) -> None:
    """The first is taken, in bounded time."""
    began = time.perf_counter()
    text = f'<a xmlns:t="urn:t"><t:r>{"<b/>" * count}</t:r>{"<t:r><c/></t:r>" * count}</a>'
    assert child_of(text, NAME, "r") == "<b/>"
    assert time.perf_counter() - began < 10


@pytest.mark.parametrize(
    ("inside", "child"),
    [
        ("<b/>", "<b/>"),
        ("<b ></b >", "<b ></b >"),
        (" <b>x</b> ", "<b>x</b>"),
        ("<!-- <c/> --><b/><!-- -->", "<b/>"),
        ("<?c <c/> ?><b/>", "<b/>"),
        ("<![CDATA[<c/>]]><b/>", "<b/>"),
        ("text<b/>", "<b/>"),
        ("<b/><c/>", "<b/>"),
        ("<b><b><b/></b></b>", "<b><b><b/></b></b>"),
        ("<t:r><b/></t:r>", "<t:r><b/></t:r>"),
        ("""<b x=">" y='"/>'>é</b>""", """<b x=">" y='"/>'>é</b>"""),
        ("<b x='/'></b>", "<b x='/'></b>"),
        ("", None),
        ("text", None),
        ("<!-- <b/> -->", None),
        ("<![CDATA[<b/>]]>", None),
        ("&lt;b/&gt;", None),
    ],
)
@pytest.mark.parametrize("frame", ['<t:r xmlns:t="urn:t">{}</t:r>', '<a><t:r xmlns:t="urn:t" é=">">{}</t:r><z/></a>'])
def test_the_first_element_is_cut_out(frame: str, inside: str, child: str | None) -> None:
    """As it stands there."""
    assert child_of(frame.replace("{}", inside), NAME, "r") == child


@pytest.mark.parametrize(
    "text",
    [
        "<r><b/></r>",
        '<r xmlns="urn:other"><b/></r>',
        '<t:R xmlns:t="urn:t"><b/></t:R>',
        '<t:r xmlns:t="urn:t "><b/></t:r>',
        '<t:r xmlns:t="urn:t"/>',
        '<a xmlns:t="urn:t"><t:r/><t:r><b/></t:r></a>',
        '<!-- <t:r xmlns:t="urn:t"><b/></t:r> --><a/>',
    ],
)
def test_no_other_element_will_do(text: str) -> None:
    """Neither of another namespace, nor the second if the first is empty."""
    assert child_of(text, NAME, "r") is None


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"))


@given(TEXTS, TEXTS, st.sampled_from(["'", '"']))
def test_any_content_stays_as_it_is(text: str, value: str, quote: str) -> None:
    """Escaped as XML wants it, and no further."""
    from xml.sax.saxutils import escape

    attribute = escape(value, {"'": "&#39;", '"': "&quot;"}).replace("&gt;", ">")
    child = f"<b x={quote}{attribute}{quote}>{escape(text)}<![CDATA[{text.replace(']]>', '')}]]></b>"
    assert child_of(f'<a xmlns:t="urn:t">{escape(text)}<t:r> {child}</t:r></a>', NAME, "r") == child


@given(
    st.lists(st.sampled_from([*"<>/&;'\"= !-[]?", "CDATA", "t:r", 'xmlns:t="urn:t"', "<t:r>", "</t:r>", "é", "\ud83d"]))
)
def test_nothing_is_raised(parts: list[str]) -> None:
    """Whatever the text is."""
    text = "".join(parts)
    for whole in (text, f'<a xmlns:t="urn:t">{text}</a>', f'<t:r xmlns:t="urn:t">{text}</t:r>'):
        child = child_of(whole, NAME, "r")
        assert child is None or child in whole
