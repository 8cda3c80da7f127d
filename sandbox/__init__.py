"""Five providers as real servers on loopback with a small fictional province, for the demo and the tests."""
