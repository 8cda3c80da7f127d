-- Messages to people and systems, and what became of them.
SELECT 1;
