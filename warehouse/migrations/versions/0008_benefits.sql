-- Findings and household flags as worked out.
SELECT 1;
