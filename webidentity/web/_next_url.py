"""Where to go after sign-in or sign-out: within the application, and nowhere else."""

import re
from urllib.parse import quote, unquote

_LONGEST = 2048
#: What a URL may contain as it is (RFC 3986 section 2.2), and the percent sign of what is encoded already.
_KEPT = "%!#$&'()*+,/:;=?@[]~"


def safe_next(candidate: str | None, root_path: str = "") -> str | None:
    """Return the path to go to, fit for a Location header, or None if it could lead to another site.

    Accepted is a path on this host, below the application's mount point. Browsers treat a backslash as a slash, drop
    tabs and newlines, read two leading slashes as a host, and leave the mount point by "..": each of these is refused,
    also when percent-encoded.
    """
    if not candidate or len(candidate) > _LONGEST or not candidate.startswith("/"):
        return None
    if any(_is_control(character) for character in candidate):
        return None
    # Of the path only, and before it is decoded: for a browser an encoded "?" or "#" does not end it.
    path = re.split(r"[?#]", candidate)[0]
    for _ in range(4):
        if not _is_local(path):
            return None
        path = unquote(path)
    if root_path and not (candidate == root_path or candidate.startswith((f"{root_path}/", f"{root_path}?"))):
        return None
    location = quote(candidate, safe=_KEPT, errors="replace")
    return location if len(location) <= _LONGEST else None


def _is_local(path: str) -> bool:
    if any(character == "\\" or _is_control(character) for character in path):
        return False
    return not path.startswith("//") and not any(_is_parent(segment) for segment in path.split("/"))


def _is_control(character: str) -> bool:
    return character < " " or character == "\x7f"


def _is_parent(segment: str) -> bool:
    # Some servers take the path parameters of RFC 3986 section 3.3 off before they resolve "..". A decoded "?" or "#"
    # may end the path for the next server.
    return re.split(r"[;?#]", segment)[0] == ".."
