"""Rows that kept the agreement, as typed and dated versions; which version is current."""
