"""Dated parameters and working days: reading them from files and packages, keeping them, looking them up. No rule is decided here."""
