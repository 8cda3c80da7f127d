-- Findings and household flags as worked out.
CREATE TABLE registry.job_restriction (
    occupation_code TEXT NOT NULL,
    name TEXT NOT NULL,
    bar TEXT NOT NULL,
    applies_to TEXT NOT NULL,
    source TEXT NOT NULL,
    loaded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    loaded_by TEXT NOT NULL,
    CONSTRAINT job_restriction_pk PRIMARY KEY (occupation_code)
);
COMMENT ON TABLE registry.job_restriction IS 'One row per occupation that the law bars to some; only codes ever leave it';
COMMENT ON COLUMN registry.job_restriction.occupation_code IS 'Occupation';
COMMENT ON COLUMN registry.job_restriction.name IS 'Its name';
COMMENT ON COLUMN registry.job_restriction.bar IS 'Whom the law bars; never shown to an employment desk';
COMMENT ON COLUMN registry.job_restriction.applies_to IS 'Which fact of a person brings it about';
COMMENT ON COLUMN registry.job_restriction.source IS 'The law';
COMMENT ON COLUMN registry.job_restriction.loaded_at IS 'When it was loaded';
COMMENT ON COLUMN registry.job_restriction.loaded_by IS 'Who loaded it';

CREATE TABLE benefits.absence (
    absence_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    since_date DATE,
    return_date DATE,
    return_region_code TEXT,
    is_over BOOLEAN NOT NULL,
    CONSTRAINT absence_pk PRIMARY KEY (absence_id),
    CONSTRAINT absence_person_id_fk FOREIGN KEY(person_id) REFERENCES identity.person (person_id)
);
CREATE INDEX absence_person_id_ix ON benefits.absence (person_id);
COMMENT ON TABLE benefits.absence IS 'One row per time a person was away; dates and a region, nothing else';
COMMENT ON COLUMN benefits.absence.absence_id IS 'Opaque key';
COMMENT ON COLUMN benefits.absence.person_id IS 'The person';
COMMENT ON COLUMN benefits.absence.since_date IS 'First day away; empty = not known, it counts for nothing';
COMMENT ON COLUMN benefits.absence.return_date IS 'Day of return; empty = away still';
COMMENT ON COLUMN benefits.absence.return_region_code IS 'Region of residence told with the return';
COMMENT ON COLUMN benefits.absence.is_over IS 'Ended otherwise than by a return';

CREATE TABLE benefits.finding (
    finding_key TEXT NOT NULL,
    person_id TEXT,
    household_number TEXT,
    benefit_code TEXT NOT NULL,
    as_of_date DATE NOT NULL,
    outcome TEXT NOT NULL,
    missing_facts JSONB NOT NULL,
    reasons JSONB NOT NULL,
    payable_yuan NUMERIC,
    region_code TEXT,
    is_station_only BOOLEAN NOT NULL,
    worked_out_by_run BIGINT NOT NULL,
    CONSTRAINT finding_pk PRIMARY KEY (finding_key),
    CONSTRAINT finding_outcome_ck CHECK (outcome in ('likely', 'possible', 'unlikely', 'unknown')),
    CONSTRAINT finding_worked_out_by_run_fk FOREIGN KEY(worked_out_by_run) REFERENCES ops.run (run_id)
);
CREATE INDEX finding_household_number_ix ON benefits.finding (household_number);
CREATE INDEX finding_person_id_ix ON benefits.finding (person_id);
COMMENT ON TABLE benefits.finding IS 'One row per subject and benefit: what the rules say of it on the day';
COMMENT ON COLUMN benefits.finding.finding_key IS 'Benefit, household and person, or the member''s row where the person is not sure';
COMMENT ON COLUMN benefits.finding.person_id IS 'The person; of a household its head; empty where the row''s person is not sure';
COMMENT ON COLUMN benefits.finding.household_number IS 'The household; empty when there is none';
COMMENT ON COLUMN benefits.finding.benefit_code IS 'The benefit';
COMMENT ON COLUMN benefits.finding.as_of_date IS 'The day it was worked out for';
COMMENT ON COLUMN benefits.finding.outcome IS 'likely, possible, unlikely or unknown; a hint, not a decision';
COMMENT ON COLUMN benefits.finding.missing_facts IS 'Names of facts that are not known';
COMMENT ON COLUMN benefits.finding.reasons IS 'Every condition with its result, source, parameter and citation';
COMMENT ON COLUMN benefits.finding.payable_yuan IS 'Payable a month where the benefit is an amount; empty where not modelled';
COMMENT ON COLUMN benefits.finding.region_code IS 'Region whose office looks at it: of the household, the application or the residence';
COMMENT ON COLUMN benefits.finding.is_station_only IS 'No assistance household and no own application: for the station worker alone';
COMMENT ON COLUMN benefits.finding.worked_out_by_run IS 'Run that found it so';

CREATE TABLE benefits.household_flag (
    household_number TEXT NOT NULL,
    flag_code TEXT NOT NULL,
    effective_date DATE NOT NULL,
    neutral_reason_code TEXT NOT NULL,
    before JSONB,
    after JSONB,
    region_code TEXT,
    visible_from TIMESTAMP WITH TIME ZONE NOT NULL,
    worked_out_by_run BIGINT NOT NULL,
    CONSTRAINT household_flag_pk PRIMARY KEY (household_number, flag_code, effective_date, neutral_reason_code),
    CONSTRAINT household_flag_worked_out_by_run_fk FOREIGN KEY(worked_out_by_run) REFERENCES ops.run (run_id)
);
COMMENT ON TABLE benefits.household_flag IS 'One row per flag of a household';
COMMENT ON COLUMN benefits.household_flag.household_number IS 'The household, else the application the flag is about';
COMMENT ON COLUMN benefits.household_flag.flag_code IS 'The flag';
COMMENT ON COLUMN benefits.household_flag.effective_date IS 'From when';
COMMENT ON COLUMN benefits.household_flag.neutral_reason_code IS 'Neutral reason';
COMMENT ON COLUMN benefits.household_flag.before IS 'Members and money before';
COMMENT ON COLUMN benefits.household_flag.after IS 'Members and money after';
COMMENT ON COLUMN benefits.household_flag.region_code IS 'Region whose office looks at it';
COMMENT ON COLUMN benefits.household_flag.visible_from IS 'When benefit desks may see it: 08:00 of the next working day';
COMMENT ON COLUMN benefits.household_flag.worked_out_by_run IS 'Run that found it so';

CREATE TABLE benefits.wake (
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    wakes_on DATE NOT NULL,
    CONSTRAINT wake_pk PRIMARY KEY (kind, subject),
    CONSTRAINT wake_kind_ck CHECK (kind in ('household', 'person'))
);
CREATE INDEX wake_wakes_on_ix ON benefits.wake (wakes_on);
COMMENT ON TABLE benefits.wake IS 'One row per household or person whose findings time alone may change';
COMMENT ON COLUMN benefits.wake.kind IS 'household or person';
COMMENT ON COLUMN benefits.wake.subject IS 'Household number or person id';
COMMENT ON COLUMN benefits.wake.wakes_on IS 'First later day on which a date of theirs begins to count or ceases to';

CREATE TABLE benefits.basis (
    name TEXT NOT NULL,
    seen TEXT NOT NULL,
    run_id BIGINT NOT NULL,
    CONSTRAINT basis_pk PRIMARY KEY (name),
    CONSTRAINT basis_run_id_fk FOREIGN KEY(run_id) REFERENCES ops.run (run_id)
);
COMMENT ON TABLE benefits.basis IS 'One row per thing findings depend on: what the last working-out knew of it';
COMMENT ON COLUMN benefits.basis.name IS 'The thing: a feed, links, snapshots, parameters, day, rules';
COMMENT ON COLUMN benefits.basis.seen IS 'Greatest number, day or fingerprint';
COMMENT ON COLUMN benefits.basis.run_id IS 'Run that last saw another';

ALTER TABLE published.findings DROP CONSTRAINT findings_pk;
ALTER TABLE published.findings ALTER COLUMN person_id DROP NOT NULL;
ALTER TABLE published.findings ALTER COLUMN household_number DROP NOT NULL;
ALTER TABLE published.findings ADD COLUMN finding_key TEXT;
UPDATE published.findings SET finding_key = benefit_code || '|' || household_number || '|' || person_id;
ALTER TABLE published.findings ALTER COLUMN finding_key SET NOT NULL;
ALTER TABLE published.findings ADD CONSTRAINT findings_pk PRIMARY KEY (finding_key);
ALTER TABLE published.findings ADD COLUMN payable_yuan NUMERIC;
ALTER TABLE published.findings ADD COLUMN region_code TEXT;
ALTER TABLE published.findings ADD COLUMN is_station_only BOOLEAN NOT NULL DEFAULT true;
ALTER TABLE published.findings ALTER COLUMN is_station_only DROP DEFAULT;
CREATE INDEX findings_household_number_ix ON published.findings (household_number);
CREATE INDEX findings_person_id_ix ON published.findings (person_id);
ALTER TABLE published.household_flags ADD COLUMN region_code TEXT;
ALTER TABLE published.household_flags ADD COLUMN visible_from TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now();
ALTER TABLE published.household_flags ALTER COLUMN visible_from DROP DEFAULT;
COMMENT ON TABLE published.findings IS 'One row per subject and benefit';
COMMENT ON COLUMN published.findings.finding_key IS 'Benefit, household and person, or the member''s row where the person is not sure';
COMMENT ON COLUMN published.findings.person_id IS 'The person; of a household its head; empty where the row''s person is not sure';
COMMENT ON COLUMN published.findings.household_number IS 'The household; empty when there is none';
COMMENT ON COLUMN published.findings.benefit_code IS 'The benefit';
COMMENT ON COLUMN published.findings.as_of_date IS 'The day it was worked out for';
COMMENT ON COLUMN published.findings.outcome IS 'likely, possible, unlikely or unknown; a hint, not a decision';
COMMENT ON COLUMN published.findings.missing_facts IS 'Names of facts that are not known';
COMMENT ON COLUMN published.findings.reasons IS 'Every condition with its result and source';
COMMENT ON COLUMN published.findings.payable_yuan IS 'Payable a month where the benefit is an amount; empty where not modelled';
COMMENT ON COLUMN published.findings.region_code IS 'Region whose office looks at it';
COMMENT ON COLUMN published.findings.is_station_only IS 'No assistance household and no own application: for the station worker alone';
COMMENT ON COLUMN published.household_flags.region_code IS 'Region whose office looks at it';
COMMENT ON COLUMN published.household_flags.visible_from IS 'When benefit desks may see it: 08:00 of the next working day';

ALTER TABLE handoffs.episode ADD COLUMN person_id TEXT;
ALTER TABLE handoffs.episode ADD COLUMN since_date DATE;
ALTER TABLE handoffs.episode ADD COLUMN return_date DATE;
ALTER TABLE handoffs.episode ADD COLUMN return_region_code TEXT;
ALTER TABLE handoffs.episode ADD COLUMN is_over BOOLEAN;
COMMENT ON COLUMN handoffs.episode.person_id IS 'The person its rows agree on';
COMMENT ON COLUMN handoffs.episode.since_date IS 'First day of the absence; empty = not known';
COMMENT ON COLUMN handoffs.episode.return_date IS 'Day of return: release, else conversion, else the meeting';
COMMENT ON COLUMN handoffs.episode.return_region_code IS 'Region of residence told with the return';
COMMENT ON COLUMN handoffs.episode.is_over IS 'The absence ended otherwise than by a return';
-- Everything is worked out again, so that every episode has its absence.
DELETE FROM handoffs.mark;

CREATE TABLE registry.replaced_parameter_value (
    name TEXT NOT NULL, 
    region TEXT NOT NULL, 
    residence TEXT NOT NULL, 
    valid_from DATE NOT NULL, 
    replaced_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    replaced_by TEXT NOT NULL, 
    valid_to DATE, 
    amount TEXT NOT NULL, 
    document TEXT NOT NULL, 
    loaded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    loaded_by TEXT NOT NULL, 
    CONSTRAINT replaced_parameter_value_pk PRIMARY KEY (name, region, residence, valid_from, replaced_at)
);
COMMENT ON TABLE registry.replaced_parameter_value IS 'One row per value that a later file replaced; never changed';
COMMENT ON COLUMN registry.replaced_parameter_value.name IS 'The parameter';
COMMENT ON COLUMN registry.replaced_parameter_value.region IS 'Region prefix; 000000 = the nation';
COMMENT ON COLUMN registry.replaced_parameter_value.residence IS 'urban, rural or any';
COMMENT ON COLUMN registry.replaced_parameter_value.valid_from IS 'First day';
COMMENT ON COLUMN registry.replaced_parameter_value.replaced_at IS 'When it was replaced';
COMMENT ON COLUMN registry.replaced_parameter_value.replaced_by IS 'Who loaded the file that replaced it';
COMMENT ON COLUMN registry.replaced_parameter_value.valid_to IS 'Last day it had; empty = open';
COMMENT ON COLUMN registry.replaced_parameter_value.amount IS 'The value it had';
COMMENT ON COLUMN registry.replaced_parameter_value.document IS 'The document it stood in';
COMMENT ON COLUMN registry.replaced_parameter_value.loaded_at IS 'When it had been loaded';
COMMENT ON COLUMN registry.replaced_parameter_value.loaded_by IS 'Who had loaded it';
