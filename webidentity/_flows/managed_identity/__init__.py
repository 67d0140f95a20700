"""Managed identities: the sources of tokens on each kind of host, and the grant that uses them."""
