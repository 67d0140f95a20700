"""A demonstration of webidentity: two sites, an API and a local tenant. Run ``python -m demo_site``."""
