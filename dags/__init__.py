"""When things run: one file per schedule, verbs and no logic."""
