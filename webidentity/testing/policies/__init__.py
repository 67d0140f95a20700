"""The policies: the rules that decide whether a user or an application gets what a request asks for.

Scopes and consent, conditional access, passwords and single sign-on. Each rule reads or changes the directory, and
raises a ``TenantError`` with Entra's error code when it refuses.
"""
