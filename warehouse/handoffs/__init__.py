"""The duty to receive a person: states, next steps and flags as pure rules of facts and a day, and their set-based runner."""
