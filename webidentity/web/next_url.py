"""Where to go after sign-in or sign-out: within the application, and nowhere else."""

from urllib.parse import unquote, urlsplit

_LONGEST = 2048


def safe_next(candidate: str | None, root_path: str = "") -> str | None:
    """Return the path to go to, or None if it could lead to another site.

    Accepted is a path on this host, below the application's mount point. Browsers treat a backslash as a slash, drop
    tabs and newlines, and read two leading slashes as a host; each of these is refused, also when percent-encoded.
    """
    if not candidate or len(candidate) > _LONGEST or not candidate.startswith("/"):
        return None
    decoded = candidate
    for _ in range(3):
        if not _is_local(decoded):
            return None
        decoded = unquote(decoded)
    if not _is_local(decoded):
        return None
    if root_path and not (candidate == root_path or candidate.startswith((f"{root_path}/", f"{root_path}?"))):
        return None
    return candidate


def _is_local(path: str) -> bool:
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in path):
        return False
    location = path.split("?", 1)[0].split("#", 1)[0]
    if "\\" in location or location.startswith("//"):
        return False
    try:
        parts = urlsplit(path)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc
