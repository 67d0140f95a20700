"""The HTML pages that a user sees while signing in, consenting or entering a device code.

A page is a function of what it shows; it makes no decisions and reads no state. The pages need no script (one submits
itself with it), load nothing from elsewhere, and carry a strict content security policy.
"""
