"""Emulated Azure hosts: the local endpoints that issue the tokens of managed identities.

``HostEmulator`` runs one of them; each kind of host has a class that knows its endpoint, its headers and its errors.
"""
