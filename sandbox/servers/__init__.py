"""The five providers as real servers on loopback, playing any province directory: for the demo and the tests only."""
