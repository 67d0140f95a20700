"""No secret of any credential appears in its repr, a log record, an error or the variables of the error's frames."""

import traceback
from typing import Any

import pytest

from tests.kit.canned import Answer, Reply, Sent, lines_of
from tests.kit.certificates import certificate
from tests.kit.credential_kinds import (
    CERTIFICATE_PASSWORD,
    CLIENT_ASSERTION,
    CODE,
    FILE_TOKEN,
    KINDS,
    PIPELINE_TOKEN,
    SECRET,
    SYSTEM_TOKEN,
    USER_ASSERTION,
    Maker,
    entra,
)
from tests.kit.records import all_logs, with_variables
from tests.kit.replies import SCOPE, jwt_of, refusal, user_token
from webidentity.cache import KeyRing, MemoryStore, TokenCache

ACCESS, REFRESH, ID_TOKEN = "canary-access-token", "canary-refresh-token", jwt_of(sub="canary-subject")
PRIVATE_LINES = [line for line in certificate().decode().splitlines()[1:27] if not line.startswith("-")]
CANARIES = [
    CERTIFICATE_PASSWORD,
    CLIENT_ASSERTION,
    CODE,
    FILE_TOKEN,
    PIPELINE_TOKEN,
    SECRET,
    SYSTEM_TOKEN,
    USER_ASSERTION,
    USER_ASSERTION.split(".")[1],
    ACCESS,
    REFRESH,
    ID_TOKEN,
    ID_TOKEN.split(".")[1],
    *PRIVATE_LINES,
]


def leaks(text: str) -> list[str]:
    """Return the canaries in the text."""
    return [canary for canary in CANARIES if canary in text]


def echoed(sent: Sent) -> str:
    """Return a reply that echoes the request."""
    return f"You sent {sent.form} {sent.headers}"


FAILURES: dict[str, Answer] = {
    "a refusal that echoes": lambda sent: refusal("invalid_client", echoed(sent), status=401),
    "a page that echoes": lambda sent: Reply(f"<html>{echoed(sent)}</html>", 500),
    "an OData error that echoes": lambda sent: Reply({"error": {"code": "x", "message": echoed(sent)}}, 400),
    "a network error": lambda sent: OSError("reset"),
    "a mistake": lambda sent: KeyError("mistake"),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize(
    ("name", "everyone"), [*((name, False) for name in sorted(KINDS)), ("AzurePipelinesCredential", True)]
)
def test_errors_and_logs_have_no_secret(
    make: Maker, name: str, failure: str, everyone: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Logs and variables of frames contain no secret, with all logging enabled and with Azure DevOps failing too."""
    network = entra(FAILURES[failure])
    if everyone:
        network._answer = FAILURES[failure]
    shown: list[str] = []
    with all_logs() as logs:
        credential = make(name, network, logging_enable=True)
        with pytest.raises(Exception) as caught:
            credential.get_token(SCOPE)
        error = caught.value
        shown += [str(error), repr(error), lines_of(error.args), repr(vars(error).keys()), with_variables(error)]
        shown.append("".join(traceback.format_exception(error)))
    captured = capsys.readouterr()
    assert logs.texts
    assert not leaks(lines_of([*shown, *logs.texts, captured.out, captured.err]))


@pytest.mark.parametrize("name", sorted(KINDS))
def test_reprs_of_all_objects_of_a_credential_show_no_secret(make: Maker, name: str) -> None:
    """The credential and every object that it refers to, also after a success."""
    network = entra(lambda _: user_token(ACCESS, refresh_token=REFRESH, id_token=ID_TOKEN))
    with all_logs() as logs:
        cache = TokenCache(MemoryStore(), KeyRing("key"))
        credential = make(name, network, token_cache=cache, logging_enable=True)
        access, info = credential.get_token(SCOPE), credential.get_token_info(SCOPE)
    objects: list[Any] = [access, info, credential.raw, credential.raw._token_source, credential.raw._driver]
    grant = credential.raw._token_source._grant
    client = grant.user_tokens.client if name.startswith("Authorization") else grant.client
    objects += [
        grant,
        client,
        client.authentication,
        getattr(client.authentication, "certificate", None),
        client.authentication.fingerprint,
    ]
    objects += [
        cache,
        *cache._partitions.values(),
        credential.raw._pipeline,
        *credential.raw._token_source.tokens.values(),
    ]
    texts = [f"{each!r} {each!s} {each}" for each in objects]
    assert not leaks(lines_of([*texts, *logs.texts]))


@pytest.mark.parametrize("name", ["CertificateCredential", "OnBehalfOfCredential"])
def test_a_certificate_that_cannot_be_read_is_not_quoted(make: Maker, name: str) -> None:
    """The constructor's error contains neither the key nor the password."""
    keyword = "certificate_data" if name == "CertificateCredential" else "client_certificate"
    more: dict[str, Any] = {} if name == "CertificateCredential" else {"client_secret": None}
    broken = certificate().replace(b"-----END PRIVATE KEY-----", b"-----END-----")
    for content, password in ((certificate(password=b"other"), CERTIFICATE_PASSWORD), (broken, None)):
        with pytest.raises(ValueError) as caught:
            make(name, entra(), **{keyword: content, "password": password, **more})
        assert not leaks("".join(traceback.format_exception(caught.value)))


def test_the_search_finds_secrets() -> None:
    """The search finds every secret, which shows that the tests above can fail."""
    from webidentity._protocol.effects import Flow, Send
    from webidentity._transport.driver import SyncDriver

    def flow(secret: str) -> Flow[None]:
        yield Send(None)

    def send(_: Any) -> None:
        raise KeyError

    assert leaks(repr({"client_secret": SECRET}))
    with pytest.raises(KeyError) as caught:
        SyncDriver(send).run(flow(SECRET))
    assert with_variables(caught.value)
    assert len(PRIVATE_LINES) == 26
