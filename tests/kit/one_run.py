"""One run of a program whose user signs in with a device code, in a process that reads commands from stdin.

``python -m tests.kit.one_run`` prints the outcome.
"""

import asyncio
import importlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.kit.canned import Canned, Reply, Sent
from tests.kit.clock import Clock
from tests.kit.replies import AUTHORITY, CLIENT, SCOPE, TENANT
from tests.kit.signing_in import device_code, signed_in
from webidentity._transport import driver

ISSUER = {"iss": f"{AUTHORITY}/{TENANT}/v2.0"}


def run(library: str, **told: Any) -> dict[str, Any]:
    """Run the program in a new process and return what it printed.

    :param library: "webidentity", "webidentity.aio" or "azure.identity".
    :param told: ``record``, to continue silently; ``waits``, the seconds before each token; ``cae``.
    """
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        input=json.dumps({"library": library, **told}),
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


def _answer(sent: Sent) -> Reply:
    if sent.method == "GET":
        base = f"{AUTHORITY}/{TENANT}"
        names = ("authorization_endpoint", "token_endpoint", "device_authorization_endpoint", "issuer")
        paths = ("authorize", "token", "devicecode", "issuer")
        document = {name: f"{base}/oauth2/v2.0/{path}" for name, path in zip(names, paths, strict=True)}
        return Reply({**document, "tenant_discovery_endpoint": base, "metadata": []})
    if sent.url.endswith("/devicecode"):
        return device_code()
    is_first = sent.form["grant_type"] != "refresh_token"
    return signed_in("ada", "first" if is_first else "renewed", claims=ISSUER, foci="1", scope=SCOPE)


async def _now(value: Any) -> Any:
    return await value if asyncio.iscoroutine(value) else value


async def _main(told: dict[str, Any]) -> dict[str, Any]:
    clock = Clock()
    time.time = clock
    driver.sleep, driver.asleep = (lambda _: None), (lambda _: asyncio.sleep(0))  # no real waiting
    package = importlib.import_module(told["library"])
    is_async = told["library"].endswith(".aio")
    network = Canned(answer=_answer)
    names = importlib.import_module(told["library"].removesuffix(".aio"))
    options: dict[str, Any] = {
        "transport": network.aio_transport() if is_async else network.transport(),
        "cache_persistence_options": names.TokenCachePersistenceOptions(allow_unencrypted_storage=True),
        "prompt_callback": lambda *_: None,
        "tenant_id": TENANT,
    }
    record = told.get("record")
    if record is not None:
        options["authentication_record"] = names.AuthenticationRecord.deserialize(record)
        options["disable_automatic_authentication"] = True
    credential = package.DeviceCodeCredential(CLIENT, **options)
    cae = {"enable_cae": bool(told.get("cae"))}
    if record is None:
        record = (await _now(credential.authenticate(scopes=[SCOPE], **cae))).serialize()
    tokens: list[str] = []
    asked: list[int] = []
    for seconds in told.get("waits", []):
        clock.advance(seconds)
        tokens.append((await _now(credential.get_token(SCOPE, **cae))).token)
        asked.append(len([sent for sent in network.sent if sent.method == "POST"]))
    await _now(credential.close())
    grants = [sent.form["grant_type"] for sent in network.sent if "grant_type" in sent.form]
    return {"record": record, "tokens": tokens, "asked": asked, "grants": grants}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_main(json.load(sys.stdin)))))
