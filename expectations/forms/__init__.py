"""How each kind of value is read (agreement section 8): one module per kind, one scalar definition in each.

A form knows only the text and its field; what needs other fields of the row is in `expectations.reading`.
"""
