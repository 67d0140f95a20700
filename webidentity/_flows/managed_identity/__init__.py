"""Managed identities: one file for each kind of host, and the grant that they share."""
