"""The constructors of the credentials: each is written once, and the sync and the async class both have it."""
