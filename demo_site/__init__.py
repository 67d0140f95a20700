"""Two sites, an API and a local tenant, to see the whole of webidentity at work: ``python -m demo_site``."""
