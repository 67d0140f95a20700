"""Replies in JSON, which nothing may store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .request import TenantResponse


def json_response(status: int, document: Mapping[str, Any], *headers: tuple[str, str]) -> TenantResponse:
    """A JSON document as a response."""
    fixed = (
        ("Content-Type", "application/json; charset=utf-8"),
        ("Cache-Control", "no-store, no-cache"),
        ("Pragma", "no-cache"),
        ("X-Content-Type-Options", "nosniff"),
    )
    return TenantResponse(status, (*fixed, *headers), json.dumps(document).encode())
