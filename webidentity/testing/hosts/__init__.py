"""Hosts in Azure, emulated: the endpoints from which programs there have the tokens of their managed identities."""
