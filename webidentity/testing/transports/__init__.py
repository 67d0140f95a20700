"""The ways to reach a tenant: HTTP messages, in-process azure-core transports, and a server on a loopback address.

What is reached is a ``ServedApplication``: a tenant or an emulated host. This room knows neither.
"""
