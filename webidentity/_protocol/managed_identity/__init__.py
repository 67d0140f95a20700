"""The protocol of managed identities: which identity is requested, and the replies of hosts in Azure."""
