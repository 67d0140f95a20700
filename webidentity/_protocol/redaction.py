"""Removal of secrets from text that may be shown: error descriptions of an authority, the output of a tool."""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus, unquote, unquote_plus

# Compiled at the first error, not at import.
_JWT = r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)*"
#: A member of a JSON object that holds a token, even if the text is cut off, and any long word.
_MEMBER = r"""(?i)(["'][\w-]*token["']\s*:\s*)(?:"[^"]*(?:"|$)|'[^']*(?:'|$))"""
_LONG_WORD = r"[\w.~+/=-]{100,}"
#: A long word that is broken into lines at the width of a screen: all lines but the last are full. URLs are excluded.
_LINES = r"(?<![\w.~+/=-])(?!//)(?:[\w.~+/=-]{60,}[^\S\n]*\n\s*)+[\w.~+/=-]+"
#: An e-mail address or user name, also in a URL. The lengths are limited, because they decide the time of the search.
_ADDRESS = (
    r"""(?:[^\s@\uff20<>()\[\],;:"'|=/?&][^\s@\uff20<>()\[\],;:"|=/?&]{0,99}|"[^"]{1,100}")"""
    r"""(?:@|%40|\uff20)[\w.-]{1,200}"""
)
#: The marker that the PowerShell script prints before a token.
_MARKED = r"\b(azsdk%)\S+"
_SHORTEST_SECRET = 4
#: Characters that are examined. The time of the patterns above grows faster than the text.
_READ = 4000
#: Characters that are shown.
_SHOWN = 700


def scrub(text: str, secrets: Iterable[str] = (), *, is_username: bool = False) -> str:
    """Return text that may be shown: one line, without tokens, without addresses of users, without the given secrets.

    A username that a developer gave, or one of the accounts to choose from, is shown. If the text contains a secret or
    an address in a form that cannot be cut out, such as a doubly escaped one, return "***".
    """
    from html import escape  # imported at the first error

    # Skip secrets shorter than four characters: masking them would hide unrelated text.
    hidden = [secret for secret in secrets if len(secret) >= _SHORTEST_SECRET]
    for secret in hidden:
        for form in (secret, quote_plus(secret), quote(secret, safe=""), escape(secret), escape(secret, quote=False)):
            text = text.replace(form, "***")
    text = re.sub(_JWT, "***", text[:_READ])
    text = _one_line(text if is_username else re.sub(_ADDRESS, "***", text))
    if (hidden or not is_username) and _has_hidden(text, hidden, addresses=not is_username):
        return "***"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."


def redact(text: str) -> str:
    """Return the output of a tool in a form that may be shown: one line, not too long, without tokens."""
    if len(text) > _READ:
        # Drop the last word: a token that is cut off may be too short to be recognized.
        text = " ".join(text[:_READ].rsplit(maxsplit=1)[:1])
    for pattern, shown in ((_MEMBER, r'\1"***"'), (_LINES, "***"), (_LONG_WORD, "***"), (_MARKED, r"\1***")):
        text = re.sub(pattern, shown, text)
    return scrub(text)


def _one_line(text: str) -> str:
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _has_hidden(text: str, secrets: Iterable[str], *, addresses: bool) -> bool:
    """Whether the text contains one of the secrets or an address, escaped up to twice, or a secret in base64."""
    views = {text, *_unescaped(text)}
    views |= {_one_line(deeper) for view in views for deeper in _unescaped(view)}
    if addresses and any(re.search(_ADDRESS, view) for view in views):
        return True
    for secret in secrets:
        plain = _one_line(secret)
        forms = [*_in_base64(secret.encode(errors="replace")), *([plain] if len(plain) >= _SHORTEST_SECRET else [])]
        if any(form in view for form in forms for view in views):
            return True
    return False


def _unescaped(text: str) -> Iterator[str]:
    """Yield the text without the escapes of XML, of URLs and forms, and of JSON and Python."""
    from html import unescape

    yield unescape(text)
    yield unquote(text)
    yield unquote_plus(text)
    yield _without_backslashes(text)


def _without_backslashes(text: str) -> str:
    def unescape(match: re.Match[str]) -> str:
        code = match[1] or match[2] or match[3]
        return chr(int(code, 16)) if code and int(code, 16) <= 0x10FFFF else " " if match[4] in "nrtbf" else match[4]

    plain = re.sub(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|U([0-9a-fA-F]{8})|(.))", unescape, text)
    # JSON escapes characters as surrogate pairs.
    return _one_line(plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _in_base64(secret: bytes) -> Iterator[str]:
    """Yield the base64 characters of the secret for each alignment in longer data (RFC 4648 sections 4 and 5)."""
    for before in range(3):
        encoded = b64encode(b"\0" * before + secret).decode()
        # The first characters also encode preceding bytes, and the last one may encode following bytes.
        whole = encoded[(0, 2, 3)[before] : (before + len(secret)) * 8 // 6]
        yield whole
        yield whole.replace("+", "-").replace("/", "_")
