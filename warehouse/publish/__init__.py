"""The one-transaction switch: what was worked out becomes what desks read."""
