-- Parameters themselves have a history, as their values have: what was loaded at an instant can be read.
ALTER TABLE registry.parameter ADD COLUMN loaded_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE registry.parameter ADD COLUMN loaded_by TEXT;
UPDATE registry.parameter p SET loaded_at = coalesce(v.loaded_at, now()), loaded_by = coalesce(v.loaded_by, 'not known')
FROM registry.parameter q LEFT JOIN (
    SELECT DISTINCT ON (name) name, loaded_at, loaded_by
    FROM (SELECT name, loaded_at, loaded_by FROM registry.parameter_value
          UNION ALL SELECT name, loaded_at, loaded_by FROM registry.replaced_parameter_value) told
    ORDER BY name, loaded_at
) v USING (name) WHERE q.name = p.name;
ALTER TABLE registry.parameter ALTER COLUMN loaded_at SET NOT NULL;
ALTER TABLE registry.parameter ALTER COLUMN loaded_by SET NOT NULL;
COMMENT ON COLUMN registry.parameter.loaded_at IS 'When it was loaded so';
COMMENT ON COLUMN registry.parameter.loaded_by IS 'Who loaded it so';
CREATE TABLE registry.replaced_parameter (
    name TEXT NOT NULL,
    replaced_at TIMESTAMP WITH TIME ZONE NOT NULL,
    replaced_by TEXT NOT NULL,
    means TEXT NOT NULL,
    unit TEXT NOT NULL,
    source TEXT NOT NULL,
    default_national BOOLEAN NOT NULL,
    optional BOOLEAN NOT NULL,
    loaded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    loaded_by TEXT NOT NULL,
    CONSTRAINT replaced_parameter_pk PRIMARY KEY (name, replaced_at)
);
COMMENT ON TABLE registry.replaced_parameter IS 'One row per parameter as it was before a later file; never changed';
COMMENT ON COLUMN registry.replaced_parameter.name IS 'Name used by the rules';
COMMENT ON COLUMN registry.replaced_parameter.replaced_at IS 'When it was replaced';
COMMENT ON COLUMN registry.replaced_parameter.replaced_by IS 'Who loaded the file that replaced it';
COMMENT ON COLUMN registry.replaced_parameter.means IS 'What it meant';
COMMENT ON COLUMN registry.replaced_parameter.unit IS 'Unit it had';
COMMENT ON COLUMN registry.replaced_parameter.source IS 'Law or notice it stemmed from';
COMMENT ON COLUMN registry.replaced_parameter.default_national IS 'A region without a value used region 000000';
COMMENT ON COLUMN registry.replaced_parameter.optional IS 'Absent meant 0 or off';
COMMENT ON COLUMN registry.replaced_parameter.loaded_at IS 'When it had been loaded';
COMMENT ON COLUMN registry.replaced_parameter.loaded_by IS 'Who had loaded it';
