"""The sync credentials, one class a module."""
