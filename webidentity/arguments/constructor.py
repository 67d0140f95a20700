"""What a constructor hands over to the class that knows how to wait."""

from typing import Any

from webidentity._flows.token_source import TokenSource


class Constructor:
    """Base of the constructors. The sync or async credential beside it in the class brings :meth:`_set_up`."""

    def _set_up(self, token_source: TokenSource, **kwargs: Any) -> None:
        raise NotImplementedError("a constructor stands beside Credential or AsyncCredential")
