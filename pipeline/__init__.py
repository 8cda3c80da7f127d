"""The steps a schedule or a person calls, where connectors and warehouse meet; each is safe to run again."""
