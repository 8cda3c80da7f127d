-- Aftercare flags, points, service counts and measures.
CREATE TABLE handoffs.case_flag (
    case_number TEXT NOT NULL,
    flag_code TEXT NOT NULL,
    case_reference TEXT NOT NULL,
    person_id TEXT,
    station_code TEXT NOT NULL,
    severity TEXT NOT NULL,
    due_date DATE,
    status TEXT NOT NULL,
    owner_role TEXT NOT NULL,
    evidence JSONB NOT NULL,
    audience TEXT[] NOT NULL,
    first_open_at TIMESTAMP WITH TIME ZONE NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    worked_out_by_run BIGINT NOT NULL,
    CONSTRAINT case_flag_pk PRIMARY KEY (case_number, flag_code),
    CONSTRAINT case_flag_severity_ck CHECK (severity in ('critical', 'warning', 'info')),
    CONSTRAINT case_flag_status_ck CHECK (status in ('open', 'resolved', 'void')),
    CONSTRAINT case_flag_worked_out_by_run_fk FOREIGN KEY(worked_out_by_run) REFERENCES ops.run (run_id)
);
CREATE INDEX case_flag_open_ix ON handoffs.case_flag (flag_code) WHERE status = 'open';
COMMENT ON TABLE handoffs.case_flag IS 'One row per flag of an aftercare case that is or was open';
COMMENT ON COLUMN handoffs.case_flag.case_number IS 'The case';
COMMENT ON COLUMN handoffs.case_flag.flag_code IS 'The flag';
COMMENT ON COLUMN handoffs.case_flag.case_reference IS 'What the case is called in messages; nothing can be read from it';
COMMENT ON COLUMN handoffs.case_flag.person_id IS 'The person';
COMMENT ON COLUMN handoffs.case_flag.station_code IS 'The station';
COMMENT ON COLUMN handoffs.case_flag.severity IS 'critical, warning or info';
COMMENT ON COLUMN handoffs.case_flag.due_date IS 'The day it turns on';
COMMENT ON COLUMN handoffs.case_flag.status IS 'open, resolved or void';
COMMENT ON COLUMN handoffs.case_flag.owner_role IS 'Who acts';
COMMENT ON COLUMN handoffs.case_flag.evidence IS 'Rows, fields and value classes it stems from, rule version, organisations told (tell), who may see it (see); no values';
COMMENT ON COLUMN handoffs.case_flag.audience IS 'Whom it concerns, as audience:scope';
COMMENT ON COLUMN handoffs.case_flag.first_open_at IS 'When it was first found open';
COMMENT ON COLUMN handoffs.case_flag.opened_at IS 'When it was last found open after it was not, or for a later report';
COMMENT ON COLUMN handoffs.case_flag.closed_at IS 'When it was found resolved or void';
COMMENT ON COLUMN handoffs.case_flag.worked_out_by_run IS 'Run that last changed it';

ALTER TABLE published.case_flags ADD COLUMN case_reference TEXT NOT NULL;
COMMENT ON COLUMN published.case_flags.case_reference IS 'What the case is called in messages; nothing can be read from it';

CREATE TABLE handoffs.points_balance (
    case_number TEXT NOT NULL,
    person_id TEXT,
    station_code TEXT NOT NULL,
    balance INTEGER NOT NULL,
    earned_12_months INTEGER NOT NULL,
    redeemed_12_months INTEGER NOT NULL,
    redeemed_by_family_12_months INTEGER NOT NULL,
    last_entry_date DATE,
    CONSTRAINT points_balance_pk PRIMARY KEY (case_number)
);
COMMENT ON TABLE handoffs.points_balance IS 'One row per case with points';
COMMENT ON COLUMN handoffs.points_balance.case_number IS 'The case';
COMMENT ON COLUMN handoffs.points_balance.person_id IS 'The person';
COMMENT ON COLUMN handoffs.points_balance.station_code IS 'The station';
COMMENT ON COLUMN handoffs.points_balance.balance IS 'Points left, as the latest entry tells';
COMMENT ON COLUMN handoffs.points_balance.earned_12_months IS 'Points earned in twelve months';
COMMENT ON COLUMN handoffs.points_balance.redeemed_12_months IS 'Points redeemed in twelve months';
COMMENT ON COLUMN handoffs.points_balance.redeemed_by_family_12_months IS 'Of these by the family';
COMMENT ON COLUMN handoffs.points_balance.last_entry_date IS 'Day of the last entry';

CREATE TABLE handoffs.service_count (
    station_code TEXT NOT NULL,
    month TEXT NOT NULL,
    service_kind_code TEXT NOT NULL,
    need_code TEXT NOT NULL,
    service_mode_code TEXT NOT NULL,
    planned INTEGER NOT NULL,
    done INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    not_met INTEGER NOT NULL,
    postponed INTEGER NOT NULL,
    minutes INTEGER NOT NULL,
    CONSTRAINT service_count_pk PRIMARY KEY (station_code, month, service_kind_code, need_code, service_mode_code)
);
COMMENT ON TABLE handoffs.service_count IS 'One row per station, month, kind, need and mode of service';
COMMENT ON COLUMN handoffs.service_count.station_code IS 'The station';
COMMENT ON COLUMN handoffs.service_count.month IS 'yyyymm';
COMMENT ON COLUMN handoffs.service_count.service_kind_code IS 'Kind';
COMMENT ON COLUMN handoffs.service_count.need_code IS 'Need; empty when none';
COMMENT ON COLUMN handoffs.service_count.service_mode_code IS 'Mode; empty when none';
COMMENT ON COLUMN handoffs.service_count.planned IS 'Planned';
COMMENT ON COLUMN handoffs.service_count.done IS 'Done';
COMMENT ON COLUMN handoffs.service_count.refused IS 'Refused';
COMMENT ON COLUMN handoffs.service_count.not_met IS 'Nobody met';
COMMENT ON COLUMN handoffs.service_count.postponed IS 'Postponed';
COMMENT ON COLUMN handoffs.service_count.minutes IS 'Minutes of those done';

CREATE TABLE handoffs.aftercare_mark (
    feed TEXT NOT NULL,
    version_id BIGINT NOT NULL,
    as_of_date DATE NOT NULL,
    run_id BIGINT NOT NULL,
    CONSTRAINT aftercare_mark_pk PRIMARY KEY (feed),
    CONSTRAINT aftercare_mark_run_id_fk FOREIGN KEY(run_id) REFERENCES ops.run (run_id)
);
COMMENT ON TABLE handoffs.aftercare_mark IS 'One row per aftercare feed: how far its versions have been worked out, for which day';
COMMENT ON COLUMN handoffs.aftercare_mark.feed IS 'The feed';
COMMENT ON COLUMN handoffs.aftercare_mark.version_id IS 'Greatest version worked out';
COMMENT ON COLUMN handoffs.aftercare_mark.as_of_date IS 'Day it was worked out for';
COMMENT ON COLUMN handoffs.aftercare_mark.run_id IS 'Run';

CREATE TABLE handoffs.kpi (
    region_code TEXT NOT NULL,
    month TEXT NOT NULL,
    kpi_code TEXT NOT NULL,
    numerator NUMERIC NOT NULL,
    denominator NUMERIC NOT NULL,
    unknown_count INTEGER NOT NULL,
    CONSTRAINT kpi_pk PRIMARY KEY (region_code, month, kpi_code)
);
COMMENT ON TABLE handoffs.kpi IS 'One row per region, month and measure';
COMMENT ON COLUMN handoffs.kpi.region_code IS 'Region; parents padded with 0';
COMMENT ON COLUMN handoffs.kpi.month IS 'yyyymm';
COMMENT ON COLUMN handoffs.kpi.kpi_code IS 'Measure';
COMMENT ON COLUMN handoffs.kpi.numerator IS 'Numerator';
COMMENT ON COLUMN handoffs.kpi.denominator IS 'Denominator';
COMMENT ON COLUMN handoffs.kpi.unknown_count IS 'Members for whom the fact is absent';

ALTER TABLE handoffs.episode ADD COLUMN shares TEXT;
COMMENT ON COLUMN handoffs.episode.shares IS 'What it adds to the measures of its station''s region: month, measure, met/counted/unknown';
