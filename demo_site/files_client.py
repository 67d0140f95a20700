"""A client for the Files API, used by both sites."""

from dataclasses import dataclass
from typing import Any

from azure.core.credentials import TokenCredential

from demo_site.personal_files import File
from demo_site.service_client import ServiceClient


@dataclass(frozen=True)
class FilesReply:
    """The files of a user, and the tokens that the API used to find them.

    :param caller: verified claims of the token that the API was called with.
    :param graph: claims of the token that the API acquired on behalf of the user.
    :param profile: the user's profile in Microsoft Graph.
    """

    files: tuple[File, ...]
    caller: dict[str, Any]
    graph: dict[str, Any]
    profile: dict[str, Any]


class FilesClient:
    """Reads the files of the credential's user.

    :param endpoint: base URL of the API.
    :param scope: the scope of the API, used to acquire tokens.
    """

    def __init__(self, endpoint: str, credential: TokenCredential, scope: str) -> None:
        self._service = ServiceClient(endpoint, credential, scope)

    def list_files(self) -> FilesReply:
        """Return the user's files.

        :raises ServiceError: the API returned an error or could not be reached.
        :raises ~webidentity.AuthenticationRequiredError: the user must sign in again or consent.
        """
        reply = self._service.get("/files")
        return FilesReply(
            files=tuple(File(**item) for item in reply["files"]),
            caller=reply["caller"],
            graph=reply["graph"],
            profile=reply["profile"],
        )
