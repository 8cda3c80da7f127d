"""The switch: one fenced transaction after which every reader sees the new state, and the way back to the bytes."""
