"""The thumbprint by which Service Fabric makes its endpoint known."""


def read_thumbprint(text: str) -> str | None:
    """Return the SHA-1 or SHA-256 digest of a certificate in lower-case hexadecimal; None if the text is none."""
    digits = "".join(character for character in text if character not in ": \t\r\n").lower()
    return digits if len(digits) in {40, 64} and all(digit in "0123456789abcdef" for digit in digits) else None
