"""The other endpoints of the authority: metadata, authorization, device codes, sign-out and a small Microsoft Graph.

``_routes`` maps each request to its endpoint and writes the errors. The endpoints check requests, apply the policies,
and answer with pages, redirects or JSON.
"""
