"""The token endpoint: client authentication, one module for each grant, and the tokens that the grants issue.

A grant is a function of the tenant's state, the authenticated client and the form. It returns the members of the token
response, or raises a ``TenantError``.
"""
