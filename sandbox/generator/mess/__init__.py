"""What happens to clean rows on their way: identity errors, faulty rows, repeats and the many ways to write one value."""
