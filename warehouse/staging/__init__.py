"""Rows that kept the agreement, as dated versions, and the fate of every row that came with them."""
