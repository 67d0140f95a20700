"""Waiting threads must not block the threads that are needed to produce the result."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import webidentity
import webidentity.aio
from webidentity.cache import KeyRing, SQLiteStore, TokenCache
from webidentity.testing import LocalTenant, serve

SCOPE = "https://graph.microsoft.com/.default"


def test_waiters_on_all_threads_of_the_loop_do_not_block_their_leader(tmp_path: Path) -> None:
    """The leader, a coroutine, needs threads for its store and for its request."""
    tenant = LocalTenant()
    app = tenant.add_app("service", secrets=["s3cret"])
    cache = TokenCache(SQLiteStore(tmp_path / "tokens.sqlite3"), KeyRing("key"))
    arguments = (tenant.tenant_id, app.client_id, "s3cret")

    async def together() -> set[str]:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2))
        options = {"authority": tenant.base_url, "token_cache": cache}
        leader = webidentity.aio.ClientSecretCredential(*arguments, **options)
        waiters = [webidentity.ClientSecretCredential(*arguments, **options) for _ in range(6)]
        leading = asyncio.create_task(leader.get_token(SCOPE))
        await asyncio.sleep(0)
        waiting = [asyncio.to_thread(waiter.get_token, SCOPE) for waiter in waiters]
        tokens = await asyncio.wait_for(asyncio.gather(leading, *waiting), timeout=20)
        await leader.close()
        for waiter in waiters:
            waiter.close()
        return {token.token for token in tokens}

    with serve(tenant):
        assert len(asyncio.run(together())) == 1
    cache.close()
