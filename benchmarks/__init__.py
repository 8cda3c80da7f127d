"""Figures beside their peer or limit, measured in the same run. Never asserted in tests."""
