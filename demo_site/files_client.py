"""The sites' client of the Files API."""

from dataclasses import dataclass
from typing import Any

from azure.core.credentials import TokenCredential

from demo_site.personal_files import File
from demo_site.service_client import ServiceClient


@dataclass(frozen=True)
class FilesReply:
    """A person's files, and how the API came by the right to hand them out.

    :param caller: claims of the token that the API was called with, which it has verified.
    :param graph: claims of the token that the API got on behalf of the same person.
    :param profile: what Graph said of the person.
    """

    files: tuple[File, ...]
    caller: dict[str, Any]
    graph: dict[str, Any]
    profile: dict[str, Any]


class FilesClient:
    """Reads the files of whoever the credential acts for.

    :param endpoint: base URL of the API.
    """

    def __init__(self, endpoint: str, credential: TokenCredential, scope: str) -> None:
        self._service = ServiceClient(endpoint, credential, scope)

    def list_files(self) -> FilesReply:
        """Return the person's files.

        :raises ServiceError: the API refused, or could not be reached.
        :raises ~webidentity.AuthenticationRequiredError: the user must sign in, consent or prove more first.
        """
        reply = self._service.get("/files")
        return FilesReply(
            files=tuple(File(**item) for item in reply["files"]),
            caller=reply["caller"],
            graph=reply["graph"],
            profile=reply["profile"],
        )
