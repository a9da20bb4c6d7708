"""Security events: who signed in, who was refused what, what changed about accounts. See docs/security-events.md."""
