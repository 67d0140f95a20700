"""The directory: everything that a tenant stores.

Users and applications, what was granted between them, the signing keys, and the codes, tokens and sessions that the
tenant has issued. All of it is in memory and bounded. The directory answers no requests and makes no decisions.
"""
