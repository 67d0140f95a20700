"""One generator per grant, and the cache policy. See README.md in this folder."""
