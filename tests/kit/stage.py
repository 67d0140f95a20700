"""A machine for DefaultAzureCredential, with stand-ins for the classes that it creates."""

from collections.abc import Sequence
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError

import webidentity
import webidentity.aio
from tests.kit.chain_members import KINDS as MEMBERS
from tests.kit.chain_members import Member, Outcome
from tests.kit.drivers import Credential, Driver
from webidentity._credentials.default_members import DEFAULT_MEMBERS
from webidentity.errors import CredentialUnavailableError

PACKAGES: dict[str, Any] = {"sync": webidentity, "aio": webidentity.aio}
GONE = CredentialUnavailableError(message="not here")
BROKEN = ClientAuthenticationError(message="refused")
#: In the order in which they are tried. The broker's class is in another package.
ORDER = tuple(kind.key for kind in DEFAULT_MEMBERS if kind.key != "broker")
DEFAULT = tuple(key for key in ORDER if key != "interactive_browser")


class Stage:
    """Controls what each credential does, and records how it was created.

    :param present: keys of the credentials that are not replaced.
    :ivar made: the keywords of each constructor call, by key, in order.
    :ivar members: the stand-ins, by key.
    :ivar diary: the keys of the credentials that were called, in order.
    """

    def __init__(self, driver: Driver, monkeypatch: pytest.MonkeyPatch, present: Sequence[str] = ()) -> None:
        self.driver = driver
        self.made: dict[str, dict[str, Any]] = {}
        self.members: dict[str, Member] = {}
        self.diary: list[str] = []
        self.outcomes: dict[str, tuple[Outcome, ...]] = {}
        self.constructor_errors: dict[str, Exception] = {}
        self.has_shared_cache = True
        for kind in DEFAULT_MEMBERS:
            if kind.key not in {"broker", *present}:
                stand_in = self._class(kind.key, kind.class_name)
                monkeypatch.setattr(PACKAGES[driver.name], kind.class_name, stand_in)

    def _class(self, key: str, name: str) -> type:
        stage = self

        def construct(self: Member, **keywords: Any) -> None:
            stage.made[key] = keywords
            if key in stage.constructor_errors:
                raise stage.constructor_errors[key]
            Member.__init__(self, *stage.outcomes.get(key, (GONE,)), name=key, diary=stage.diary)
            stage.members[key] = self

        supported = staticmethod(lambda: stage.has_shared_cache)
        return type(name, (MEMBERS[self.driver.name],), {"__init__": construct, "supported": supported})

    def credential(self, **keywords: Any) -> Credential:
        """Return the DefaultAzureCredential of this machine."""
        self.made.clear()
        self.members.clear()
        return self.made_for(self.driver, **keywords)

    @staticmethod
    def made_for(driver: Driver, **keywords: Any) -> Credential:
        """Return a DefaultAzureCredential."""
        return driver.face(PACKAGES[driver.name].DefaultAzureCredential(**keywords))

    def choice(self, **keywords: Any) -> list[str]:
        """Return the keys of the credentials that it would try."""
        self.credential(**keywords)
        return list(self.made)
