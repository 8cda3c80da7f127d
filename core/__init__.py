"""Nouns every room shares: errors, settings, time, keys, logs. Imports nothing of ours."""
