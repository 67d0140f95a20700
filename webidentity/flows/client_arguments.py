"""The constructor arguments that every confidential client has."""

from webidentity.authority import normalize_authority
from webidentity.flows.client import Client, ClientSecret, NoProof, Proof


def client_from(client_id: str, proof: Proof, authority: str | None) -> Client:
    """Return the client.

    :raises ValueError: the client id is empty, or the authority malformed.
    """
    if not client_id:
        raise ValueError("client_id should be the id of a Microsoft Entra application, as the portal shows it")
    return Client(normalize_authority(authority), client_id, proof)


def secret_from(client_secret: str | None, *, required: bool) -> Proof:
    """Return the proof that a client secret is.

    :raises ValueError: it is missing and required.
    """
    if client_secret:
        return ClientSecret(client_secret)
    if required:
        raise ValueError("client_secret should be a Microsoft Entra application's client secret: its value, not its id")
    return NoProof()
