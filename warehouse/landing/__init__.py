"""Deliveries exactly as received: encrypted bytes on disk first, then a row in landing.batch."""
