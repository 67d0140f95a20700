"""The ways to reach a tenant: HTTP messages, in-process azure-core transports, and a server on a loopback address.

Serves any ``ServedApplication``; it does not import the tenant or the hosts.
"""
