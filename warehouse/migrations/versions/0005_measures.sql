-- Aftercare flags, points, service counts and measures.
SELECT 1;
