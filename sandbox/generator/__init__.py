"""A fictional province from a seed: clean histories first, then the mess in which providers deliver them, then the truth.

Order of work: places -> people -> stories (custody, community, police, assistance, work) -> mess -> delivery -> truth.
Nothing here reads a real record; numbers have the real form and belong to nobody we know of.
"""
