"""The wire: builds requests, reads replies, verifies tokens. No I/O, and no clock but one passed in."""
