-- Blocking keys of records, one narrow row each.
SELECT 1;
