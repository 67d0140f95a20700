"""The credentials: each file has the documentation, the constructor and the sync class of one."""
