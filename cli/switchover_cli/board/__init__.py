"""All endpoints of a stack at a glance."""
