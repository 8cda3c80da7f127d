"""From a delivery's bytes to rows of text: one module per form. What a cell means is read in `expectations.forms`, not here."""
