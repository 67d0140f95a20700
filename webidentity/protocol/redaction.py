"""What others have said, in a form that may be shown: error descriptions of an authority, the output of a tool."""

import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

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
    """Return text that may be shown: one line, no token, none of the given secrets."""
    for secret in secrets:
        # One of a few characters is a test's, and would turn the whole text into asterisks.
        for form in (secret, quote_plus(secret), quote(secret, safe="")) if len(secret) >= _SHORTEST_SECRET else ():
            text = text.replace(form, "***")
    text = re.sub(_JWT, "***", text[:_READ])
    text = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."


def redact(text: str) -> str:
    """Return what a tool printed in a form that may be shown: one line, not too long, without tokens."""
    if len(text) > _READ:
        # Without the last word: a token that is cut in two may be too short to be recognized.
        text = " ".join(text[:_READ].rsplit(maxsplit=1)[:1])
    for pattern, shown in ((_MEMBER, r'\1"***"'), (_LINES, "***"), (_LONG_WORD, "***"), (_MARKED, r"\1***")):
        text = re.sub(pattern, shown, text)
    return scrub(text)
