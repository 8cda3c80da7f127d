"""What handoffs cost: working them out, taking notices in, and the way from a pushed notice to its flag; one module each."""
