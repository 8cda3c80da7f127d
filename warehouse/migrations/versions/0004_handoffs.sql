-- What handoffs need beside their states and flags.
SELECT 1;
