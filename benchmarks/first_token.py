"""The cost of a first token and of a refresh: the number of requests, and CPU time in a warm process."""

import contextlib
import time
from collections.abc import Callable
from typing import Any
from unittest import mock

from cryptography.hazmat.primitives import serialization

from benchmarks.contenders import ours, ours_certified, ours_on_behalf_of, theirs, theirs_certified, theirs_on_behalf_of
from benchmarks.interleaved import medians
from benchmarks.network import SCOPE, Network
from benchmarks.table import Comparison, target

ROUNDS = 15


def measure() -> list[Comparison]:
    """Compare the first token of each kind of credential, and refreshes with a certificate."""
    return [
        _first("secret", theirs, ours),
        _first("certificate", theirs_certified, ours_certified),
        _refresh("certificate", theirs_certified, ours_certified),
        _refresh("on behalf of, certificate", theirs_on_behalf_of, ours_on_behalf_of),
    ]


def _first(name: str, peer: Callable[[Network], Any], project: Callable[[Network], Any]) -> Comparison:
    def batch(make: Callable[[Network], Any]) -> Callable[[], float]:
        def first() -> float:
            network = Network()
            start = time.process_time()
            make(network).get_token(SCOPE)
            requests.append(network.token_requests + network.other_requests)
            return time.process_time() - start

        requests: list[int] = []
        counted.append(requests)
        return first

    counted: list[list[int]] = []
    times = medians([batch(peer), batch(project)], ROUNDS)
    sent = [max(requests) for requests in counted]
    return Comparison(
        f"first token, {name}",
        peer=f"{sent[0]} requests, {1e6 * times[0]:.0f} us",
        project=f"{sent[1]} requests, {1e6 * times[1]:.0f} us",
        ratio=f"{times[0] / times[1]:.1f}x less CPU time",
        details="construction and get_token, CPU time",
        target=target(sent[1] == 1, "1 request"),
    )


def _refresh(name: str, peer: Callable[[Network], Any], project: Callable[[Network], Any]) -> Comparison:
    original, parsed = serialization.load_pem_private_key, [0]

    def counted(*args: Any, **kwargs: Any) -> Any:
        parsed[0] += 1
        return original(*args, **kwargs)

    real = time.time

    def batch(make: Callable[[Network], Any]) -> Callable[[], float]:
        ahead, parses = [0.0], [0]

        def later() -> float:
            return real() + ahead[0]

        credential = make(Network())
        credential.get_token(SCOPE)
        parses_of.append(parses)

        def refresh() -> float:
            ahead[0] += 4000.0
            before = parsed[0]
            with mock.patch("time.time", later):
                start = time.process_time()
                credential.get_token(SCOPE)
                taken = time.process_time() - start
            parses[0] += parsed[0] - before
            return taken

        return refresh

    parses_of: list[list[int]] = []
    batches = [batch(peer), batch(project)]
    with contextlib.ExitStack() as patched:
        for module in (
            "cryptography.hazmat.primitives.serialization",
            "jwt.algorithms",
            "webidentity._protocol.certificate",
        ):
            patched.enter_context(mock.patch(f"{module}.load_pem_private_key", counted))
        times = medians(batches, ROUNDS)
    theirs_parsed, ours_parsed = (parses[0] for parses in parses_of)
    return Comparison(
        f"refresh, {name}",
        peer=f"{1e6 * times[0]:.0f} us",
        project=f"{1e6 * times[1]:.0f} us",
        ratio=f"{times[0] / times[1]:.1f}x less CPU time",
        details=f"private key parsed {theirs_parsed} times by azure-identity, {ours_parsed} times by webidentity",
        target=target(ours_parsed == 0, "not parsed"),
    )
