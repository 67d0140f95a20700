"""What others have said, in a form that may be shown: error descriptions of an authority, the output of a tool."""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus, unquote, unquote_plus

# Compiled by the first error, not by the import.
_JWT = r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)*"
#: A member of a JSON object that holds a token, also where the text breaks off; and what looks like a token.
_MEMBER = r"""(?i)(["'][\w-]*token["']\s*:\s*)(?:"[^"]*(?:"|$)|'[^']*(?:'|$))"""
_LONG_WORD = r"[\w.~+/=-]{100,}"
#: The same, broken into lines at the width of a screen: all but the last of them are full. An address is no such line.
_LINES = r"(?<![\w.~+/=-])(?!//)(?:[\w.~+/=-]{60,}[^\S\n]*\n\s*)+[\w.~+/=-]+"
#: What the script for PowerShell prints before a token.
_MARKED = r"\b(azsdk%)\S+"
_SHORTEST_SECRET = 4
#: Characters that are looked at: the patterns above take time that grows faster than the text.
_READ = 4000
#: Characters that are shown.
_SHOWN = 700


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """Return text that may be shown: one line, no token, none of the given secrets.

    Text that has a secret in a form that cannot be cut out, such as an escaped one within another, is not shown at all.
    """
    from html import escape  # loaded by the first error, not by the import

    # One of a few characters is a test's, and would turn the whole text into asterisks.
    hidden = [secret for secret in secrets if len(secret) >= _SHORTEST_SECRET]
    for secret in hidden:
        for form in (secret, quote_plus(secret), quote(secret, safe=""), escape(secret), escape(secret, quote=False)):
            text = text.replace(form, "***")
    text = _one_line(re.sub(_JWT, "***", text[:_READ]))
    if hidden and _has_any(text, hidden):
        return "***"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."


def redact(text: str) -> str:
    """Return what a tool printed in a form that may be shown: one line, not too long, without tokens."""
    if len(text) > _READ:
        # Without the last word: a token that is cut in two may be too short to be recognized.
        text = " ".join(text[:_READ].rsplit(maxsplit=1)[:1])
    for pattern, shown in ((_MEMBER, r'\1"***"'), (_LINES, "***"), (_LONG_WORD, "***"), (_MARKED, r"\1***")):
        text = re.sub(pattern, shown, text)
    return scrub(text)


def _one_line(text: str) -> str:
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _has_any(text: str, secrets: Iterable[str]) -> bool:
    """Whether the text has one of the secrets once it is unescaped, in up to two layers, or in base64."""
    views = {text, *_unescaped(text)}
    views |= {_one_line(deeper) for view in views for deeper in _unescaped(view)}
    for secret in secrets:
        plain = _one_line(secret)
        forms = [*_in_base64(secret.encode(errors="replace")), *([plain] if len(plain) >= _SHORTEST_SECRET else [])]
        if any(form in view for form in forms for view in views):
            return True
    return False


def _unescaped(text: str) -> Iterator[str]:
    """The text without the escapes of XML, of addresses and forms, and of JSON and Python."""
    from html import unescape

    yield unescape(text)
    yield unquote(text)
    yield unquote_plus(text)
    yield _without_backslashes(text)


def _without_backslashes(text: str) -> str:
    def meant(match: re.Match[str]) -> str:
        code = match[1] or match[2] or match[3]
        return chr(int(code, 16)) if code and int(code, 16) <= 0x10FFFF else " " if match[4] in "nrtbf" else match[4]

    plain = re.sub(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|U([0-9a-fA-F]{8})|(.))", meant, text)
    # JSON has halves of surrogate pairs.
    return _one_line(plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _in_base64(secret: bytes) -> Iterator[str]:
    """The characters that any base64 of the secret has, whatever is before and after it (RFC 4648 sections 4, 5)."""
    for before in range(3):
        encoded = b64encode(b"\0" * before + secret).decode()
        # The first ones are also of what is before, the last one may be of what is after.
        whole = encoded[(0, 2, 3)[before] : (before + len(secret)) * 8 // 6]
        yield whole
        yield whole.replace("+", "-").replace("/", "_")
