"""How hosts in Azure hand out tokens of managed identities: what they are asked, and what they answer."""
