"""Requests to a local tenant and its responses, independent of any HTTP library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from webidentity.testing._errors import TenantError


@dataclass(frozen=True, slots=True)
class TenantRequest:
    """A request to the tenant. Its repr shows the method only, because URLs, headers and bodies contain secrets."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def path(self) -> str:
        """The path of the URL, without the query."""
        return urlsplit(self.url).path

    @property
    def query(self) -> Parameters:
        """The parameters of the query string."""
        return Parameters.parse(urlsplit(self.url).query)

    @property
    def form(self) -> Parameters:
        """The parameters of a urlencoded body; empty for any other body."""
        content_type = self.header("Content-Type") or ""
        if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
            return Parameters(())
        return Parameters.parse(self.body.decode("utf-8", errors="replace"))

    def header(self, name: str) -> str | None:
        """The value of a header, or None. The name is matched in any case."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), None)

    def cookie(self, name: str) -> str | None:
        """The value of a cookie, or None."""
        for pair in (self.header("Cookie") or "").split(";"):
            key, _, value = pair.strip().partition("=")
            if key == name and value:
                return value
        return None


@dataclass(frozen=True, slots=True)
class TenantResponse:
    """A response of the tenant. Its repr shows the status only, because the rest contains secrets."""

    status: int
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        """The first value of a header, or None. The name is matched in any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of an OAuth request. Each may be sent only once (RFC 6749, section 3.1)."""

    pairs: tuple[tuple[str, str], ...] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Parameters:
        """Parse a urlencoded text. A parameter without a value counts as not sent."""
        try:
            pairs = parse_qsl(text, keep_blank_values=False, max_num_fields=100)
        except ValueError:
            raise TenantError(9002313, "Invalid request. Request is malformed or invalid.") from None
        return cls(tuple(pairs))

    def once_each(self) -> Parameters:
        """These parameters.

        :raises TenantError: a parameter is repeated.
        """
        names = [name for name, _ in self.pairs]
        if len(names) != len(set(names)):
            raise TenantError(9002313, "Invalid request. Request is malformed or invalid: a parameter is repeated.")
        return self

    def get(self, name: str) -> str | None:
        """The value of a parameter, or None."""
        return next((value for key, value in self.pairs if key == name), None)

    def require(self, name: str) -> str:
        """The value of a parameter.

        :raises TenantError: it is missing (AADSTS900144).
        """
        value = self.get(name)
        if value is None:
            raise TenantError(900144, f"The request body must contain the following parameter: '{name}'.")
        return value


def json_response(status: int, document: Mapping[str, Any], *headers: tuple[str, str]) -> TenantResponse:
    """A JSON response that must not be stored."""
    fixed = (
        ("Content-Type", "application/json; charset=utf-8"),
        ("Cache-Control", "no-store, no-cache"),
        ("Pragma", "no-cache"),
        ("X-Content-Type-Options", "nosniff"),
    )
    return TenantResponse(status, (*fixed, *headers), json.dumps(document).encode())
