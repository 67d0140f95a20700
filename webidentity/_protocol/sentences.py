"""Messages of several sentences, whose parts may or may not end with a full stop."""


def sentences(*parts: str | None) -> str:
    """Join the parts that are not empty. The result ends as the last one does, without white space."""
    found = [part.strip() for part in parts if part and part.strip()]
    return ". ".join([part.rstrip(" .") for part in found[:-1]] + found[-1:])
