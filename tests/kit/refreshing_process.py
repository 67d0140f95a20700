"""A process of a site that gets a token for a user who signed in, from a store that it shares with other processes.

``python -m tests.kit.refreshing_process sync|aio FILE AUTHORITY SCOPE`` prints the token, or the error's code.
"""

import subprocess
import sys
from pathlib import Path

from tests.kit.drivers import open_driver
from tests.kit.replies import CLIENT, TENANT
from webidentity._flows.authorization_code import UserTokens
from webidentity._flows.client import Client
from webidentity._flows.client_authentication import ClientSecret
from webidentity._protocol.token_request import TokenRequest
from webidentity._transport.pipeline import SyncPipeline
from webidentity.cache import KeyRing, SQLiteStore, TokenCache
from webidentity.errors import EntraError

HOME = f"ada.{TENANT}"


def user_tokens_in(file: str | Path, authority: str) -> UserTokens:
    """Return the user's tokens in the store that the processes share."""
    cache = TokenCache(SQLiteStore(file), KeyRing("the-secret-key-that-all-processes-have"))
    return UserTokens(Client(authority, CLIENT, ClientSecret("s3cret")), cache)


def start(driver: str, file: Path, authority: str, scope: str) -> "subprocess.Popen[str]":
    """Start the process."""
    return subprocess.Popen(
        [sys.executable, "-m", __name__, driver, str(file), authority, scope],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )


def main(name: str, file: str, authority: str, scope: str) -> None:
    """Get the token."""
    user_tokens = user_tokens_in(file, authority)
    send = SyncPipeline(retry_total=0).send
    with open_driver(name) as driver:
        try:
            print(driver.run(user_tokens.token(TokenRequest((scope,), TENANT), HOME), send).token)
        except EntraError as error:
            print(error.error)


if __name__ == "__main__":
    main(*sys.argv[1:])
