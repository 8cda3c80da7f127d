-- Centres, their keys, and what was pushed.
SELECT 1;
