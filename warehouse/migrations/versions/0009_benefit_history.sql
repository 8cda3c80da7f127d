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

-- Which answers rest on an amount that is invented. The rules' version has changed with it: the next run works everything out again.
ALTER TABLE benefits.finding ADD COLUMN is_sample BOOLEAN NOT NULL DEFAULT true;
ALTER TABLE benefits.finding ALTER COLUMN is_sample DROP DEFAULT;
ALTER TABLE benefits.household_flag ADD COLUMN is_sample BOOLEAN NOT NULL DEFAULT true;
ALTER TABLE benefits.household_flag ALTER COLUMN is_sample DROP DEFAULT;
ALTER TABLE published.findings ADD COLUMN is_sample BOOLEAN NOT NULL DEFAULT true;
ALTER TABLE published.findings ALTER COLUMN is_sample DROP DEFAULT;
ALTER TABLE published.household_flags ADD COLUMN is_sample BOOLEAN NOT NULL DEFAULT true;
ALTER TABLE published.household_flags ALTER COLUMN is_sample DROP DEFAULT;
COMMENT ON COLUMN benefits.finding.is_sample IS 'True when an amount marked SAMPLE, which is invented, stands behind it';
COMMENT ON COLUMN benefits.household_flag.is_sample IS 'True when an amount marked SAMPLE, which is invented, stands behind it';
COMMENT ON COLUMN published.findings.is_sample IS 'True when an amount marked SAMPLE, which is invented, stands behind it';
COMMENT ON COLUMN published.household_flags.is_sample IS 'True when an amount marked SAMPLE, which is invented, stands behind it';

CREATE TABLE benefits.household_flag_event (
    event_id BIGINT GENERATED ALWAYS AS IDENTITY,
    household_number TEXT NOT NULL,
    flag_code TEXT NOT NULL,
    effective_date DATE NOT NULL,
    neutral_reason_code TEXT NOT NULL,
    kind TEXT NOT NULL,
    why TEXT NOT NULL,
    as_of_date DATE NOT NULL,
    before JSONB,
    after JSONB,
    run_id BIGINT NOT NULL,
    CONSTRAINT household_flag_event_pk PRIMARY KEY (event_id),
    CONSTRAINT household_flag_event_kind_ck CHECK (kind in ('raised', 'changed', 'gone')),
    CONSTRAINT household_flag_event_why_ck CHECK (why in ('facts', 'no_subject')),
    CONSTRAINT household_flag_event_run_id_fk FOREIGN KEY(run_id) REFERENCES ops.run (run_id)
);
CREATE INDEX household_flag_event_household_number_ix ON benefits.household_flag_event (household_number, flag_code);
-- What stands already was raised by the run that found it so.
INSERT INTO benefits.household_flag_event
    (household_number, flag_code, effective_date, neutral_reason_code, kind, why, as_of_date, before, after, run_id)
SELECT household_number, flag_code, effective_date, neutral_reason_code, 'raised', 'facts',
    coalesce((SELECT seen::date FROM benefits.basis WHERE name = 'day'), effective_date), before, after, worked_out_by_run
FROM benefits.household_flag;
COMMENT ON TABLE benefits.household_flag_event IS 'One row per time a flag of a household was raised, changed or went away; never changed';
COMMENT ON COLUMN benefits.household_flag_event.event_id IS 'Number in order of happening';
COMMENT ON COLUMN benefits.household_flag_event.household_number IS 'The household, else the application the flag is about';
COMMENT ON COLUMN benefits.household_flag_event.flag_code IS 'The flag';
COMMENT ON COLUMN benefits.household_flag_event.effective_date IS 'From when it counted';
COMMENT ON COLUMN benefits.household_flag_event.neutral_reason_code IS 'Neutral reason';
COMMENT ON COLUMN benefits.household_flag_event.kind IS 'raised, changed (another before or after) or gone';
COMMENT ON COLUMN benefits.household_flag_event.why IS 'facts: what is known, the law or the day gave another answer; no_subject: the household is looked at no more';
COMMENT ON COLUMN benefits.household_flag_event.as_of_date IS 'The day it was worked out for';
COMMENT ON COLUMN benefits.household_flag_event.before IS 'Members and money before, as then shown (of a flag that went: as last shown)';
COMMENT ON COLUMN benefits.household_flag_event.after IS 'Members and money after, in the same way';
COMMENT ON COLUMN benefits.household_flag_event.run_id IS 'Run that found it so; when, says the run';

-- Occupations closed by law to registered job seekers: codes alone.
CREATE TABLE benefits.excluded_occupation (
    person_id TEXT NOT NULL,
    occupation_code TEXT NOT NULL,
    CONSTRAINT excluded_occupation_pk PRIMARY KEY (person_id, occupation_code),
    CONSTRAINT excluded_occupation_person_id_fk FOREIGN KEY(person_id) REFERENCES identity.person (person_id)
);
COMMENT ON TABLE benefits.excluded_occupation IS 'One row per registered job seeker and occupation that does not fit by law; never why';
COMMENT ON COLUMN benefits.excluded_occupation.person_id IS 'The job seeker';
COMMENT ON COLUMN benefits.excluded_occupation.occupation_code IS 'The occupation; shown with the words 不适配岗位(依法规)';
CREATE TABLE published.excluded_occupations (
    person_id TEXT NOT NULL,
    occupation_code TEXT NOT NULL,
    CONSTRAINT excluded_occupations_pk PRIMARY KEY (person_id, occupation_code)
);
COMMENT ON TABLE published.excluded_occupations IS 'One row per registered job seeker and occupation that does not fit by law; never why';
COMMENT ON COLUMN published.excluded_occupations.person_id IS 'The job seeker';
COMMENT ON COLUMN published.excluded_occupations.occupation_code IS 'The occupation; shown with the words 不适配岗位(依法规)';
