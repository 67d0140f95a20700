"""DeviceCodeCredential of webidentity.aio on an event loop."""

import asyncio
from typing import Any

import pytest

import webidentity.aio
from tests.kit.replies import CLIENT, SCOPE
from tests.kit.signing_in import (
    Authority,
    device_code,
    pending,
    signed_in,
)


def test_waiting_for_the_user_does_not_block_the_event_loop() -> None:
    """Other tasks continue."""

    async def main() -> int:
        authority = Authority(pending(), signed_in(), code=device_code(interval=1))
        credential = webidentity.aio.DeviceCodeCredential(
            CLIENT, prompt_callback=authority.prompt, transport=authority.aio_transport()
        )
        waiting = asyncio.create_task(credential.get_token(SCOPE))
        ticks = 0
        while not waiting.done():
            await asyncio.sleep(0.02)
            ticks += 1
        assert (await waiting).token == "access-token"
        return ticks

    assert asyncio.run(main()) > 20


def test_a_cancelled_sign_in_is_repeated_for_the_other_callers(naps: list[float]) -> None:
    """The next caller prompts again."""

    async def main() -> None:
        authority = Authority(signed_in())
        asked = asyncio.Event()

        async def prompt(*told: Any) -> None:
            authority.prompt(*told)
            if len(authority.prompts) == 1:
                asked.set()
                await asyncio.Event().wait()

        credential = webidentity.aio.DeviceCodeCredential(
            CLIENT, prompt_callback=prompt, transport=authority.aio_transport()
        )
        first = asyncio.create_task(credential.get_token(SCOPE))
        await asked.wait()
        second = asyncio.create_task(credential.get_token(SCOPE))
        await asyncio.sleep(0)
        assert len(authority.prompts) == 1
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert (await second).token == "access-token"
        assert len(authority.prompts) == 2

    asyncio.run(main())
