"""What the benefit rules cost, beside OpenFisca-core on the same households."""
