-- Blocking keys of records, one narrow row each: a look-up reads the index alone, where the array's index had to read every record.
CREATE TABLE identity.record_key (
    key BIGINT NOT NULL,
    record_id BIGINT NOT NULL
);
COMMENT ON TABLE identity.record_key IS 'One row per code by which a record is found; kept in step with its keys';
COMMENT ON COLUMN identity.record_key.key IS 'Keyed code of a value, or of several together';
COMMENT ON COLUMN identity.record_key.record_id IS 'The record (identity.record)';

INSERT INTO identity.record_key (key, record_id) SELECT DISTINCT k.key, r.record_id FROM identity.record r CROSS JOIN unnest(r.keys) k (key);
ALTER TABLE identity.record_key ADD CONSTRAINT record_key_pk PRIMARY KEY (key, record_id);
CREATE INDEX record_phone_code_ix ON identity.record (phone_code, name_code) WHERE phone_code IS NOT NULL;
DROP INDEX identity.record_keys_ix;

CREATE TABLE identity.loose_record (
    record_id BIGINT NOT NULL,
    CONSTRAINT loose_record_pk PRIMARY KEY (record_id)
);
COMMENT ON TABLE identity.loose_record IS 'One row per record that no sure number holds; kept in step with the links';
COMMENT ON COLUMN identity.loose_record.record_id IS 'The record (identity.record)';
INSERT INTO identity.loose_record (record_id) SELECT r.record_id FROM identity.record r JOIN identity.link l USING (feed, source_key) WHERE l.is_loose;

-- Building the index over many new keys at once takes seconds, feeding it row by row minutes; the ETL role owns no table.
CREATE OR REPLACE FUNCTION identity.drop_record_keys() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    ALTER TABLE identity.record_key DROP CONSTRAINT record_key_pk;
$$;
CREATE OR REPLACE FUNCTION identity.build_record_keys() RETURNS void LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET maintenance_work_mem = '256MB' AS $$
    ALTER TABLE identity.record_key ADD CONSTRAINT record_key_pk PRIMARY KEY (key, record_id);
$$;
