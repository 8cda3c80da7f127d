"""A hostile .xlsx file to plain rows of text, inside a child process with limits.

Only the standard library is used here, so that the child starts in milliseconds and holds nothing worth stealing.
What the columns are agreed to be is told by the parent (`expectations.decoding.xlsx`).
"""
