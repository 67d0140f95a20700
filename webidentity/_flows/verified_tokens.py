"""Verified tokens: a memory of the tokens whose signature was checked with the present keys."""

import hashlib

from webidentity._protocol.verification import VerifiedToken

#: How many tokens are remembered.
_MOST_TOKENS = 1000
#: Characters. Longer tokens are not remembered, so that the number of tokens limits the memory.
_LONGEST_TOKEN = 4096
#: Seconds between two removals of expired tokens.
_SWEEP_INTERVAL = 60


class VerifiedTokens:
    """Remembers verified tokens until they expire, by the SHA-256 of the whole token.

    What is remembered does not depend on the time or on the request: the caller still checks the claims. There is no
    lock, because each method works if another thread changes the dictionary between its steps. At worst a token is
    forgotten, and verified again.
    """

    def __init__(self) -> None:
        self._tokens: dict[bytes, VerifiedToken] = {}
        self._swept_at = float("-inf")

    def __len__(self) -> int:
        return len(self._tokens)

    @staticmethod
    def digest(token: str) -> bytes | None:
        """Return the digest of a token, None if it is one that is not remembered."""
        if len(token) > _LONGEST_TOKEN or not token.isascii():
            return None
        return hashlib.sha256(token.encode()).digest()

    def find(self, digest: bytes | None, now: float) -> VerifiedToken | None:
        """Return the token with this digest, if it is remembered.

        :param now: Unix seconds.
        """
        # If the clock was set back, the last removal is in the future.
        if not 0 <= now - self._swept_at < _SWEEP_INTERVAL:
            self._swept_at = now
            self._forget_expired(now)
        return None if digest is None else self._tokens.get(digest)

    def add(self, digest: bytes | None, token: VerifiedToken) -> None:
        """Remember a token whose signature and claims were checked. Without a digest, it is not remembered."""
        if digest is None:
            return
        self._tokens[digest] = token
        if len(self._tokens) > _MOST_TOKENS:
            # Several at once, so that most calls need no copy of the keys.
            for oldest in list(self._tokens)[: _MOST_TOKENS // 4]:
                self._tokens.pop(oldest, None)

    def _forget_expired(self, now: float) -> None:
        for digest, token in self._tokens.copy().items():
            if token.expires_on <= now:
                self._tokens.pop(digest, None)
