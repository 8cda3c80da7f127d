COMMENT ON COLUMN landing.batch.content_address IS 'Keyed address of the raw bytes, hexadecimal; behind an @ that of a file shared with others';
