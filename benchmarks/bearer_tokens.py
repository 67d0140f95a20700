"""The cost of verifying a bearer token, as a multiple of the check of its signature alone."""

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPrivateNumbers, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from benchmarks.instructions import count, thousands
from benchmarks.interleaved import medians
from benchmarks.network import CLIENT, TENANT, Response
from benchmarks.table import Comparison, target
from webidentity._flows.key_source import KeySource
from webidentity._transport.driver import SyncDriver

ROUNDS, CALLS = 15, 200
#: Targets: at most this multiple of the check of the signature.
MOST_FIRST, MOST_AGAIN = 1.6, 0.2
AUTHORITY = "https://login.microsoftonline.com"
ISSUER = f"{AUTHORITY}/{TENANT}/v2.0"
AUDIENCES = frozenset({CLIENT, f"api://{CLIENT}"})
KID = "benchmark-key"
#: Two primes. The key is always the same, because creating one takes a random number of instructions.
P = int(
    "efcae9f0c2ffdb586d49ce05a8990f9b2be0cbf2b6fcb402e2a1a67cdef084b7"
    "1c07661ca36430b4616ab6705f51fb0311f48b4a6c7e9a467f3cc0c81d6c0cd7"
    "942b5c1e3e1376256b486012beb078c59d30cf390335aa76eb3dfc9b7d0bd284"
    "b7b1f6d5b7bec57769a8c4605e7666d91cc8971e499dc860449a0c541a9e0fcf",
    16,
)
Q = int(
    "befdf1d99ab44302b8b3aba47d2dbcb63c5f916c6c259dcd935ed3dc024ad613"
    "1dbe2778a7244599e89ed92c27efcdb8168aaf54c5d0b879b142c4d11d9ee345"
    "950076d078b1ce8421cdaa4fbfd96a7abf65efc19e0d480e5b473c49a1a96f2b"
    "998789cfd3da967a96c8fd667ca73ce511fcbcdf63d7ec299b5748fb1762101d",
    16,
)


def measure() -> list[Comparison]:
    """Compare a token that is seen for the first time, and one that was seen before."""
    setups = (raw, pyjwt, first, again)
    microseconds = [1e6 * median for median in medians([_timed(setup()) for setup in setups], ROUNDS)]
    instructions = [count(f"benchmarks.bearer_tokens:{setup.__name__}") for setup in setups]
    return [
        _row("bearer token, first seen (peer: PyJWT)", 2, MOST_FIRST, microseconds, instructions),
        _row("bearer token, again (peer: PyJWT)", 3, MOST_AGAIN, microseconds, instructions),
    ]


def _row(name: str, which: int, most: float, microseconds: list[float], instructions: list[float | None]) -> Comparison:
    raw_time, peer, project = microseconds[0], microseconds[1], microseconds[which]
    counts = [each for each in instructions if each is not None]
    multiple = counts[which] / counts[0] if counts else project / raw_time
    peers = counts[1] / counts[0] if counts else peer / raw_time
    return Comparison(
        name,
        peer=f"{peer:.1f} us, {thousands(instructions[1])}",
        project=f"{project:.1f} us, {thousands(instructions[which])}",
        ratio=f"{peer / project:.1f}x faster",
        details=f"signature alone {raw_time:.1f} us, {thousands(instructions[0])}: PyJWT {peers:.2f}x, "
        f"webidentity {multiple:.2f}x",
        target=target(multiple <= most, f"<= {most}x the signature"),
    )


def _timed(call: Callable[[int], object]) -> Callable[[], float]:
    def batch() -> float:
        start = time.perf_counter()
        call(CALLS)
        return (time.perf_counter() - start) / CALLS

    return batch


def raw() -> Callable[[int], object]:
    """The signature alone, with cryptography."""
    key, padding, algorithm = _key().public_key(), PKCS1v15(), SHA256()
    content, _, last = _token().encode().rpartition(b".")
    signature = urlsafe_b64decode(last + b"==")

    def call(calls: int) -> None:
        for _ in range(calls):
            key.verify(signature, content, padding, algorithm)

    return call


def pyjwt() -> Callable[[int], object]:
    """PyJWT, with the key at hand."""
    key, token = jwt.PyJWK(_jwk()), _token()

    def call(calls: int) -> None:
        for _ in range(calls):
            jwt.decode(token, key, algorithms=["RS256"], audience=CLIENT, issuer=ISSUER, leeway=300)

    return call


def first() -> Callable[[int], object]:
    """This library, with the keys at hand and a token that it has not seen."""
    source, driver, token = *_source(), _token()
    known: Any = source._known

    def call(calls: int) -> None:
        for _ in range(calls):
            known.tokens._tokens.clear()
            driver.run(source.verify(token, AUDIENCES))

    return call


def again() -> Callable[[int], object]:
    """This library, with a token that it has seen."""
    source, driver, token = *_source(), _token()

    def call(calls: int) -> None:
        for _ in range(calls):
            driver.run(source.verify(token, AUDIENCES))

    return call


def _source() -> tuple[KeySource, SyncDriver]:
    """A source that has fetched the keys."""
    metadata = {"issuer": ISSUER, "jwks_uri": f"{AUTHORITY}/{TENANT}/discovery/v2.0/keys"}

    def send(request: Any, **options: Any) -> Response:
        return Response(request, metadata if request.url.endswith("openid-configuration") else {"keys": [_jwk()]})

    source, driver = KeySource(AUTHORITY, TENANT), SyncDriver(send)
    driver.run(source.issuer())
    return source, driver


@cache
def _key() -> RSAPrivateKey:
    public = RSAPublicNumbers(65537, P * Q)
    d = pow(65537, -1, (P - 1) * (Q - 1))
    numbers = RSAPrivateNumbers(P, Q, d, d % (P - 1), d % (Q - 1), pow(Q, -1, P), public)
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def _jwk() -> dict[str, Any]:
    modulus = urlsafe_b64encode((P * Q).to_bytes(256, "big")).rstrip(b"=").decode()
    return {
        "kty": "RSA",
        "use": "sig",
        "kid": KID,
        "n": modulus,
        "e": "AQAB",
        "issuer": f"{AUTHORITY}/{{tenantid}}/v2.0",
    }


@cache
def _token() -> str:
    """A token of 1.1 KB, with the claims of a v2.0 access token."""
    now = int(time.time())
    claims = {
        "aud": CLIENT,
        "iss": ISSUER,
        "iat": now,
        "nbf": now,
        "exp": now + 24 * 3600,
        "azp": "44444444-4444-4444-4444-444444444444",
        "azpacr": "0",
        "name": "Ada Lovelace",
        "oid": "55555555-5555-5555-5555-555555555555",
        "preferred_username": "ada@contoso.com",
        "scp": "access",
        "sid": "66666666-6666-6666-6666-666666666666",
        "sub": "s" * 43,
        "tid": TENANT,
        "uti": "u" * 22,
        "ver": "2.0",
    }
    return jwt.encode(claims, _key(), algorithm="RS256", headers={"kid": KID})
