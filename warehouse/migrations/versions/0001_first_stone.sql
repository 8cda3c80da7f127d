-- The first tables, as declared in warehouse/tables on that day. Never edited once released: a change is a new revision.
CREATE SEQUENCE landing.batch_decided_order;
CREATE TABLE landing.batch (
    batch_id BIGINT GENERATED ALWAYS AS IDENTITY,
    provider TEXT NOT NULL,
    feed TEXT NOT NULL,
    name TEXT NOT NULL,
    form TEXT NOT NULL,
    sender_code TEXT,
    snapshot_date DATE,
    scope TEXT DEFAULT '' NOT NULL,
    part_number INTEGER,
    part_count INTEGER,
    declared_rows INTEGER,
    declared_sha256 TEXT,
    refusal TEXT,
    exported_at TIMESTAMP WITH TIME ZONE,
    content_address TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    delivered_count INTEGER DEFAULT '1' NOT NULL,
    state TEXT DEFAULT 'landed' NOT NULL,
    code TEXT,
    detail TEXT,
    row_count INTEGER,
    staged_count INTEGER DEFAULT '0' NOT NULL,
    duplicate_count INTEGER DEFAULT '0' NOT NULL,
    quarantined_count INTEGER DEFAULT '0' NOT NULL,
    warning_count INTEGER DEFAULT '0' NOT NULL,
    duplicate_rows INT4MULTIRANGE DEFAULT '{}' NOT NULL,
    notes JSONB DEFAULT '{}' NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    decided_order BIGINT,
    CONSTRAINT batch_pk PRIMARY KEY (batch_id),
    CONSTRAINT batch_delivery_uq UNIQUE NULLS NOT DISTINCT (provider, feed, name, content_address, declared_rows, declared_sha256, refusal),
    CONSTRAINT batch_state_ck CHECK (state in ('landed', 'accepted', 'accepted_with_errors', 'held', 'rejected')),
    CONSTRAINT batch_decided_batches_are_counted_ck CHECK (state in ('landed', 'held') or row_count is not null)
);
CREATE INDEX batch_waiting_ix ON landing.batch (batch_id) WHERE state in ('landed', 'held');
COMMENT ON TABLE landing.batch IS 'One row per delivery of one feed, as received';
COMMENT ON COLUMN landing.batch.batch_id IS 'Number in order of arrival';
COMMENT ON COLUMN landing.batch.provider IS 'The agency that delivered';
COMMENT ON COLUMN landing.batch.feed IS 'The feed; empty when the name did not tell';
COMMENT ON COLUMN landing.batch.name IS 'File name, push batch_id, or name of the pulled page';
COMMENT ON COLUMN landing.batch.form IS 'csv, xlsx, push, page or table: how the bytes are decoded';
COMMENT ON COLUMN landing.batch.sender_code IS 'Organisation that sent it, where a feed has many senders';
COMMENT ON COLUMN landing.batch.snapshot_date IS 'Full snapshot: the day whose state at 24:00 it shows';
COMMENT ON COLUMN landing.batch.scope IS 'Full snapshot: what it is complete for; else empty';
COMMENT ON COLUMN landing.batch.part_number IS 'Number of this part of a delivery in parts';
COMMENT ON COLUMN landing.batch.part_count IS 'Count of the parts';
COMMENT ON COLUMN landing.batch.declared_rows IS 'Rows the sender says it holds';
COMMENT ON COLUMN landing.batch.declared_sha256 IS 'SHA-256 the sender says the bytes have';
COMMENT ON COLUMN landing.batch.refusal IS 'Code the receiving edge already knew, refusing the whole delivery';
COMMENT ON COLUMN landing.batch.exported_at IS 'When the sender says it was made';
COMMENT ON COLUMN landing.batch.content_address IS 'Keyed address of the bytes in the raw store, hexadecimal';
COMMENT ON COLUMN landing.batch.size_bytes IS 'Length of the bytes as received';
COMMENT ON COLUMN landing.batch.received_at IS 'When the bytes were durably stored';
COMMENT ON COLUMN landing.batch.delivered_count IS 'How many times these very bytes came under this name';
COMMENT ON COLUMN landing.batch.state IS 'landed, accepted, accepted_with_errors, held or rejected';
COMMENT ON COLUMN landing.batch.code IS 'Why it is held or rejected';
COMMENT ON COLUMN landing.batch.detail IS 'What is wrong and what to do, without any received value';
COMMENT ON COLUMN landing.batch.row_count IS 'Data rows received';
COMMENT ON COLUMN landing.batch.staged_count IS 'Rows staged as versions';
COMMENT ON COLUMN landing.batch.duplicate_count IS 'Rows that were there already, to the letter';
COMMENT ON COLUMN landing.batch.quarantined_count IS 'Rows rejected or held one by one';
COMMENT ON COLUMN landing.batch.warning_count IS 'Warnings given';
COMMENT ON COLUMN landing.batch.duplicate_rows IS 'Row numbers of the duplicates';
COMMENT ON COLUMN landing.batch.notes IS 'Counts and names for the receipt: unknown columns, skipped rows';
COMMENT ON COLUMN landing.batch.finished_at IS 'When its fate was decided';
COMMENT ON COLUMN landing.batch.decided_order IS 'Order in which fates were decided; a replay follows it';

CREATE TABLE ops.lease (
    name TEXT NOT NULL,
    token BIGINT NOT NULL,
    taken_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT lease_pk PRIMARY KEY (name)
);
COMMENT ON TABLE ops.lease IS 'One row per kind of work that only the newest run may finish';
COMMENT ON COLUMN ops.lease.name IS 'The work: publish, link, ingest/<provider>';
COMMENT ON COLUMN ops.lease.token IS 'Fencing token, rising with every taking';
COMMENT ON COLUMN ops.lease.taken_at IS 'When it was last taken';

CREATE TABLE ops.publication (
    publication_id BIGINT GENERATED ALWAYS AS IDENTITY,
    as_of_date DATE NOT NULL,
    token BIGINT NOT NULL,
    published_at TIMESTAMP WITH TIME ZONE NOT NULL,
    counts JSONB NOT NULL,
    CONSTRAINT publication_pk PRIMARY KEY (publication_id)
);
COMMENT ON TABLE ops.publication IS 'One row per switch of the published tables';
COMMENT ON COLUMN ops.publication.publication_id IS 'Number';
COMMENT ON COLUMN ops.publication.as_of_date IS 'The day the published facts are worked out for';
COMMENT ON COLUMN ops.publication.token IS 'Fencing token it was published under';
COMMENT ON COLUMN ops.publication.published_at IS 'When';
COMMENT ON COLUMN ops.publication.counts IS 'Rows inserted, changed and removed, by table';

CREATE TABLE ops.run (
    run_id BIGINT GENERATED ALWAYS AS IDENTITY,
    step TEXT NOT NULL,
    provider TEXT,
    feed TEXT,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    state TEXT DEFAULT 'running' NOT NULL,
    counts JSONB DEFAULT '{}' NOT NULL,
    error TEXT,
    CONSTRAINT run_pk PRIMARY KEY (run_id),
    CONSTRAINT run_state_ck CHECK (state in ('running', 'succeeded', 'failed'))
);
COMMENT ON TABLE ops.run IS 'One row per run of a step';
COMMENT ON COLUMN ops.run.run_id IS 'Number in order of start';
COMMENT ON COLUMN ops.run.step IS 'ingest, link, handoffs, benefits, publish, replay';
COMMENT ON COLUMN ops.run.provider IS 'The provider, for ingest';
COMMENT ON COLUMN ops.run.feed IS 'The feed, for pulled feeds';
COMMENT ON COLUMN ops.run.started_at IS 'Start';
COMMENT ON COLUMN ops.run.finished_at IS 'End';
COMMENT ON COLUMN ops.run.state IS 'running, succeeded or failed';
COMMENT ON COLUMN ops.run.counts IS 'Counts of what it did';
COMMENT ON COLUMN ops.run.error IS 'Kind of error it ended with; never a value';

CREATE TABLE published.case_flags (
    case_number TEXT NOT NULL,
    flag_code TEXT NOT NULL,
    person_id TEXT,
    station_code TEXT NOT NULL,
    severity TEXT NOT NULL,
    due_date DATE,
    status TEXT NOT NULL,
    owner_role TEXT NOT NULL,
    evidence JSONB NOT NULL,
    CONSTRAINT case_flags_pk PRIMARY KEY (case_number, flag_code)
);
COMMENT ON TABLE published.case_flags IS 'One row per flag of an aftercare case';
COMMENT ON COLUMN published.case_flags.case_number IS 'The case';
COMMENT ON COLUMN published.case_flags.flag_code IS 'The flag';
COMMENT ON COLUMN published.case_flags.person_id IS 'The person';
COMMENT ON COLUMN published.case_flags.station_code IS 'The station';
COMMENT ON COLUMN published.case_flags.severity IS 'critical, warning or info';
COMMENT ON COLUMN published.case_flags.due_date IS 'The day it turns on';
COMMENT ON COLUMN published.case_flags.status IS 'open, resolved or void';
COMMENT ON COLUMN published.case_flags.owner_role IS 'Who acts';
COMMENT ON COLUMN published.case_flags.evidence IS 'Where it stems from; no values';

CREATE TABLE published.findings (
    person_id TEXT NOT NULL,
    household_number TEXT NOT NULL,
    benefit_code TEXT NOT NULL,
    as_of_date DATE NOT NULL,
    outcome TEXT NOT NULL,
    missing_facts JSONB NOT NULL,
    reasons JSONB NOT NULL,
    CONSTRAINT findings_pk PRIMARY KEY (person_id, household_number, benefit_code, as_of_date)
);
COMMENT ON TABLE published.findings IS 'One row per person, household and benefit';
COMMENT ON COLUMN published.findings.person_id IS 'The person';
COMMENT ON COLUMN published.findings.household_number IS 'The household; empty when there is none';
COMMENT ON COLUMN published.findings.benefit_code IS 'The benefit';
COMMENT ON COLUMN published.findings.as_of_date IS 'The day it was worked out for';
COMMENT ON COLUMN published.findings.outcome IS 'likely, possible, unlikely or unknown; a hint, not a decision';
COMMENT ON COLUMN published.findings.missing_facts IS 'Names of facts that are not known';
COMMENT ON COLUMN published.findings.reasons IS 'Every condition with its result and source';

CREATE TABLE published.handoff_flags (
    handoff_id TEXT NOT NULL,
    flag_code TEXT NOT NULL,
    person_id TEXT,
    severity TEXT NOT NULL,
    due_date DATE,
    status TEXT NOT NULL,
    owner_role TEXT NOT NULL,
    evidence JSONB NOT NULL,
    CONSTRAINT handoff_flags_pk PRIMARY KEY (handoff_id, flag_code)
);
COMMENT ON TABLE published.handoff_flags IS 'One row per flag of a handoff';
COMMENT ON COLUMN published.handoff_flags.handoff_id IS 'The handoff';
COMMENT ON COLUMN published.handoff_flags.flag_code IS 'The flag';
COMMENT ON COLUMN published.handoff_flags.person_id IS 'The person';
COMMENT ON COLUMN published.handoff_flags.severity IS 'critical, warning or info';
COMMENT ON COLUMN published.handoff_flags.due_date IS 'The day it turns on';
COMMENT ON COLUMN published.handoff_flags.status IS 'open, resolved or void';
COMMENT ON COLUMN published.handoff_flags.owner_role IS 'Who acts';
COMMENT ON COLUMN published.handoff_flags.evidence IS 'Where it stems from; no values';

CREATE TABLE published.handoffs (
    handoff_id TEXT NOT NULL,
    person_id TEXT,
    decision_number TEXT NOT NULL,
    centre_code TEXT,
    station_code TEXT,
    expected_release_date DATE,
    actual_released_at TIMESTAMP WITH TIME ZONE,
    state TEXT NOT NULL,
    state_since_date DATE,
    next_step TEXT,
    next_due_date DATE,
    responsible_role TEXT,
    CONSTRAINT handoffs_pk PRIMARY KEY (handoff_id)
);
CREATE INDEX handoffs_station_code_ix ON published.handoffs (station_code);
COMMENT ON TABLE published.handoffs IS 'One row per handoff';
COMMENT ON COLUMN published.handoffs.handoff_id IS 'The handoff';
COMMENT ON COLUMN published.handoffs.person_id IS 'The person';
COMMENT ON COLUMN published.handoffs.decision_number IS 'Decision number';
COMMENT ON COLUMN published.handoffs.centre_code IS 'The centre that releases';
COMMENT ON COLUMN published.handoffs.station_code IS 'The station responsible';
COMMENT ON COLUMN published.handoffs.expected_release_date IS 'Earliest expected day';
COMMENT ON COLUMN published.handoffs.actual_released_at IS 'Actual release';
COMMENT ON COLUMN published.handoffs.state IS 'State';
COMMENT ON COLUMN published.handoffs.state_since_date IS 'Since when';
COMMENT ON COLUMN published.handoffs.next_step IS 'What is to be done next';
COMMENT ON COLUMN published.handoffs.next_due_date IS 'By when';
COMMENT ON COLUMN published.handoffs.responsible_role IS 'By whom';

CREATE TABLE published.household_flags (
    household_number TEXT NOT NULL,
    flag_code TEXT NOT NULL,
    effective_date DATE NOT NULL,
    neutral_reason_code TEXT NOT NULL,
    before JSONB,
    after JSONB,
    CONSTRAINT household_flags_pk PRIMARY KEY (household_number, flag_code, effective_date, neutral_reason_code)
);
COMMENT ON TABLE published.household_flags IS 'One row per flag of a household';
COMMENT ON COLUMN published.household_flags.household_number IS 'The household';
COMMENT ON COLUMN published.household_flags.flag_code IS 'The flag';
COMMENT ON COLUMN published.household_flags.effective_date IS 'From when';
COMMENT ON COLUMN published.household_flags.neutral_reason_code IS 'Neutral reason';
COMMENT ON COLUMN published.household_flags.before IS 'Members and money before';
COMMENT ON COLUMN published.household_flags.after IS 'Members and money after';

CREATE TABLE published.kpis (
    region_code TEXT NOT NULL,
    month TEXT NOT NULL,
    kpi_code TEXT NOT NULL,
    numerator NUMERIC NOT NULL,
    denominator NUMERIC NOT NULL,
    unknown_count INTEGER NOT NULL,
    CONSTRAINT kpis_pk PRIMARY KEY (region_code, month, kpi_code)
);
COMMENT ON TABLE published.kpis IS 'One row per region, month and measure';
COMMENT ON COLUMN published.kpis.region_code IS 'Region';
COMMENT ON COLUMN published.kpis.month IS 'yyyymm';
COMMENT ON COLUMN published.kpis.kpi_code IS 'Measure';
COMMENT ON COLUMN published.kpis.numerator IS 'Numerator';
COMMENT ON COLUMN published.kpis.denominator IS 'Denominator';
COMMENT ON COLUMN published.kpis.unknown_count IS 'Members of the denominator for whom the fact is absent';

CREATE TABLE published.points_balances (
    case_number TEXT NOT NULL,
    person_id TEXT,
    station_code TEXT NOT NULL,
    balance INTEGER NOT NULL,
    earned_12_months INTEGER NOT NULL,
    redeemed_12_months INTEGER NOT NULL,
    redeemed_by_family_12_months INTEGER NOT NULL,
    last_entry_date DATE,
    CONSTRAINT points_balances_pk PRIMARY KEY (case_number)
);
COMMENT ON TABLE published.points_balances IS 'One row per case with points';
COMMENT ON COLUMN published.points_balances.case_number IS 'The case';
COMMENT ON COLUMN published.points_balances.person_id IS 'The person';
COMMENT ON COLUMN published.points_balances.station_code IS 'The station';
COMMENT ON COLUMN published.points_balances.balance IS 'Points left';
COMMENT ON COLUMN published.points_balances.earned_12_months IS 'Points earned in twelve months';
COMMENT ON COLUMN published.points_balances.redeemed_12_months IS 'Points redeemed in twelve months';
COMMENT ON COLUMN published.points_balances.redeemed_by_family_12_months IS 'Of these by the family';
COMMENT ON COLUMN published.points_balances.last_entry_date IS 'Day of the last entry';

CREATE TABLE published.service_counts (
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
    CONSTRAINT service_counts_pk PRIMARY KEY (station_code, month, service_kind_code, need_code, service_mode_code)
);
COMMENT ON TABLE published.service_counts IS 'One row per station, month, kind, need and mode of service';
COMMENT ON COLUMN published.service_counts.station_code IS 'The station';
COMMENT ON COLUMN published.service_counts.month IS 'yyyymm';
COMMENT ON COLUMN published.service_counts.service_kind_code IS 'Kind';
COMMENT ON COLUMN published.service_counts.need_code IS 'Need; empty when none';
COMMENT ON COLUMN published.service_counts.service_mode_code IS 'Mode; empty when none';
COMMENT ON COLUMN published.service_counts.planned IS 'Planned';
COMMENT ON COLUMN published.service_counts.done IS 'Done';
COMMENT ON COLUMN published.service_counts.refused IS 'Refused';
COMMENT ON COLUMN published.service_counts.not_met IS 'Not met';
COMMENT ON COLUMN published.service_counts.postponed IS 'Postponed';
COMMENT ON COLUMN published.service_counts.minutes IS 'Minutes in all';

CREATE TABLE published.source_links (
    feed TEXT NOT NULL,
    source_key TEXT NOT NULL,
    person_id TEXT NOT NULL,
    link_status TEXT NOT NULL,
    CONSTRAINT source_links_pk PRIMARY KEY (feed, source_key)
);
COMMENT ON TABLE published.source_links IS 'One row per source record of a person feed';
COMMENT ON COLUMN published.source_links.feed IS 'The feed';
COMMENT ON COLUMN published.source_links.source_key IS 'The row''s key';
COMMENT ON COLUMN published.source_links.person_id IS 'The person';
COMMENT ON COLUMN published.source_links.link_status IS 'linked, review or unlinked';

CREATE TABLE registry.calendar_day (
    day DATE NOT NULL,
    is_working BOOLEAN NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT calendar_day_pk PRIMARY KEY (day)
);
COMMENT ON TABLE registry.calendar_day IS 'One row per day of a loaded year';
COMMENT ON COLUMN registry.calendar_day.day IS 'The day in Asia/Shanghai';
COMMENT ON COLUMN registry.calendar_day.is_working IS 'True on working days, make-up days included';
COMMENT ON COLUMN registry.calendar_day.source IS 'Where it stems from';

CREATE TABLE registry.code_message (
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    CONSTRAINT code_message_pk PRIMARY KEY (code)
);
COMMENT ON TABLE registry.code_message IS 'One row per code of the agreement: what it means and what the sender does';
COMMENT ON COLUMN registry.code_message.code IS 'The code';
COMMENT ON COLUMN registry.code_message.message IS 'Meaning and next step; never a value';

CREATE TABLE registry.parameter (
    name TEXT NOT NULL,
    means TEXT NOT NULL,
    unit TEXT NOT NULL,
    source TEXT NOT NULL,
    default_national BOOLEAN NOT NULL,
    optional BOOLEAN NOT NULL,
    CONSTRAINT parameter_pk PRIMARY KEY (name)
);
COMMENT ON TABLE registry.parameter IS 'One row per parameter of a rule';
COMMENT ON COLUMN registry.parameter.name IS 'Name used by the rules';
COMMENT ON COLUMN registry.parameter.means IS 'What it means';
COMMENT ON COLUMN registry.parameter.unit IS 'Unit';
COMMENT ON COLUMN registry.parameter.source IS 'Law or notice it stems from';
COMMENT ON COLUMN registry.parameter.default_national IS 'A region without a value uses region 000000';
COMMENT ON COLUMN registry.parameter.optional IS 'Absent means 0 or off, and the reason says so';

CREATE TABLE handoffs.flag (
    handoff_id TEXT NOT NULL,
    flag_code TEXT NOT NULL,
    person_id TEXT,
    severity TEXT NOT NULL,
    due_date DATE,
    status TEXT NOT NULL,
    owner_role TEXT NOT NULL,
    evidence JSONB NOT NULL,
    first_open_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    worked_out_by_run BIGINT NOT NULL,
    CONSTRAINT flag_pk PRIMARY KEY (handoff_id, flag_code),
    CONSTRAINT flag_severity_ck CHECK (severity in ('critical', 'warning', 'info')),
    CONSTRAINT flag_status_ck CHECK (status in ('open', 'resolved', 'void')),
    CONSTRAINT flag_worked_out_by_run_fk FOREIGN KEY(worked_out_by_run) REFERENCES ops.run (run_id)
);
COMMENT ON TABLE handoffs.flag IS 'One row per flag of a handoff that is or was open';
COMMENT ON COLUMN handoffs.flag.handoff_id IS 'The handoff';
COMMENT ON COLUMN handoffs.flag.flag_code IS 'The flag';
COMMENT ON COLUMN handoffs.flag.person_id IS 'The person';
COMMENT ON COLUMN handoffs.flag.severity IS 'critical, warning or info';
COMMENT ON COLUMN handoffs.flag.due_date IS 'The day it turns on';
COMMENT ON COLUMN handoffs.flag.status IS 'open, resolved or void';
COMMENT ON COLUMN handoffs.flag.owner_role IS 'Who acts';
COMMENT ON COLUMN handoffs.flag.evidence IS 'Rows, fields and value classes it stems from, rule version, parameters; no values';
COMMENT ON COLUMN handoffs.flag.first_open_at IS 'When it was first found open';
COMMENT ON COLUMN handoffs.flag.closed_at IS 'When it was found resolved or void';
COMMENT ON COLUMN handoffs.flag.worked_out_by_run IS 'Run';

CREATE TABLE identity.link_history (
    feed TEXT NOT NULL,
    source_key TEXT NOT NULL,
    changed_by_run BIGINT NOT NULL,
    person_id TEXT,
    link_status TEXT,
    rule TEXT,
    CONSTRAINT link_history_pk PRIMARY KEY (feed, source_key, changed_by_run),
    CONSTRAINT link_history_changed_by_run_fk FOREIGN KEY(changed_by_run) REFERENCES ops.run (run_id)
);
CREATE INDEX link_history_feed_source_key_ix ON identity.link_history (feed, source_key);
COMMENT ON TABLE identity.link_history IS 'One row per change of a link';
COMMENT ON COLUMN identity.link_history.feed IS 'The feed';
COMMENT ON COLUMN identity.link_history.source_key IS 'The row''s key';
COMMENT ON COLUMN identity.link_history.changed_by_run IS 'Run that changed it';
COMMENT ON COLUMN identity.link_history.person_id IS 'The person before';
COMMENT ON COLUMN identity.link_history.link_status IS 'The status before';
COMMENT ON COLUMN identity.link_history.rule IS 'The rule before';

CREATE TABLE identity.person (
    person_id TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by_run BIGINT NOT NULL,
    merged_into TEXT,
    CONSTRAINT person_pk PRIMARY KEY (person_id),
    CONSTRAINT person_created_by_run_fk FOREIGN KEY(created_by_run) REFERENCES ops.run (run_id),
    CONSTRAINT person_merged_into_fk FOREIGN KEY(merged_into) REFERENCES identity.person (person_id)
);
COMMENT ON TABLE identity.person IS 'One row per person we know of; the id is opaque and stays';
COMMENT ON COLUMN identity.person.person_id IS 'Opaque id, never reused';
COMMENT ON COLUMN identity.person.created_at IS 'When first seen';
COMMENT ON COLUMN identity.person.created_by_run IS 'Run that made it';
COMMENT ON COLUMN identity.person.merged_into IS 'The person this one turned out to be';

CREATE TABLE ops.expectation_result (
    batch_id BIGINT NOT NULL,
    expectation TEXT NOT NULL,
    field TEXT NOT NULL,
    feed TEXT NOT NULL,
    severity TEXT NOT NULL,
    checked INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    judged_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT expectation_result_pk PRIMARY KEY (batch_id, expectation, field),
    CONSTRAINT expectation_result_batch_id_fk FOREIGN KEY(batch_id) REFERENCES landing.batch (batch_id)
);
CREATE INDEX expectation_result_feed_ix ON ops.expectation_result (feed, judged_at);
COMMENT ON TABLE ops.expectation_result IS 'One row per expectation judged on one delivery; counts only';
COMMENT ON COLUMN ops.expectation_result.batch_id IS 'Delivery';
COMMENT ON COLUMN ops.expectation_result.expectation IS 'What was expected';
COMMENT ON COLUMN ops.expectation_result.field IS 'Of which field; empty for the row or the delivery';
COMMENT ON COLUMN ops.expectation_result.feed IS 'The feed';
COMMENT ON COLUMN ops.expectation_result.severity IS 'critical or warning';
COMMENT ON COLUMN ops.expectation_result.checked IS 'Rows checked';
COMMENT ON COLUMN ops.expectation_result.failed IS 'Rows that failed';
COMMENT ON COLUMN ops.expectation_result.judged_at IS 'When';

CREATE TABLE ops.receipt (
    batch_id BIGINT NOT NULL,
    receipt JSONB NOT NULL,
    rejected_csv BYTEA,
    written_at TIMESTAMP WITH TIME ZONE NOT NULL,
    delivered_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT receipt_pk PRIMARY KEY (batch_id),
    CONSTRAINT receipt_batch_id_fk FOREIGN KEY(batch_id) REFERENCES landing.batch (batch_id)
);
COMMENT ON TABLE ops.receipt IS 'One row per delivery whose fate was told to its sender';
COMMENT ON COLUMN ops.receipt.batch_id IS 'Delivery';
COMMENT ON COLUMN ops.receipt.receipt IS 'What the sender sees (agreement section 9)';
COMMENT ON COLUMN ops.receipt.rejected_csv IS 'The table of rejected rows, UTF-8 with BOM, no values';
COMMENT ON COLUMN ops.receipt.written_at IS 'When it was made';
COMMENT ON COLUMN ops.receipt.delivered_at IS 'When it lay in the sender''s outbox';

CREATE TABLE ops.snapshot (
    feed TEXT NOT NULL,
    scope TEXT NOT NULL,
    snapshot_date DATE NOT NULL,
    batch_id BIGINT NOT NULL,
    row_count INTEGER NOT NULL,
    vanished_count INTEGER DEFAULT '0' NOT NULL,
    CONSTRAINT snapshot_pk PRIMARY KEY (feed, scope, snapshot_date),
    CONSTRAINT snapshot_batch_id_fk FOREIGN KEY(batch_id) REFERENCES landing.batch (batch_id)
);
COMMENT ON TABLE ops.snapshot IS 'One row per accepted full snapshot';
COMMENT ON COLUMN ops.snapshot.feed IS 'The feed';
COMMENT ON COLUMN ops.snapshot.scope IS 'What it is complete for: a centre, a region or empty for the whole feed';
COMMENT ON COLUMN ops.snapshot.snapshot_date IS 'The day whose state at 24:00 it shows';
COMMENT ON COLUMN ops.snapshot.batch_id IS 'Its (last) delivery';
COMMENT ON COLUMN ops.snapshot.row_count IS 'Rows of the snapshot';
COMMENT ON COLUMN ops.snapshot.vanished_count IS 'Keys that were in the last snapshot and are not in this one';

CREATE TABLE ops.steward_decision (
    decision_id BIGINT GENERATED ALWAYS AS IDENTITY,
    batch_id BIGINT NOT NULL,
    decision TEXT NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT steward_decision_pk PRIMARY KEY (decision_id),
    CONSTRAINT steward_decision_decision_ck CHECK (decision in ('accept', 'reject')),
    CONSTRAINT steward_decision_batch_id_fk FOREIGN KEY(batch_id) REFERENCES landing.batch (batch_id)
);
COMMENT ON TABLE ops.steward_decision IS 'One row per decision of a steward on a held delivery';
COMMENT ON COLUMN ops.steward_decision.decision_id IS 'Number';
COMMENT ON COLUMN ops.steward_decision.batch_id IS 'Delivery';
COMMENT ON COLUMN ops.steward_decision.decision IS 'accept or reject';
COMMENT ON COLUMN ops.steward_decision.code IS 'The hold that was decided';
COMMENT ON COLUMN ops.steward_decision.reason IS 'Why, in the steward''s words';
COMMENT ON COLUMN ops.steward_decision.decided_by IS 'Who decided';
COMMENT ON COLUMN ops.steward_decision.decided_at IS 'When';

CREATE TABLE ops.watermark (
    provider TEXT NOT NULL,
    feed TEXT NOT NULL,
    source_updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    run_id BIGINT NOT NULL,
    CONSTRAINT watermark_pk PRIMARY KEY (provider, feed),
    CONSTRAINT watermark_run_id_fk FOREIGN KEY(run_id) REFERENCES ops.run (run_id)
);
COMMENT ON TABLE ops.watermark IS 'One row per pulled feed: how far a completed run has read';
COMMENT ON COLUMN ops.watermark.provider IS 'The provider';
COMMENT ON COLUMN ops.watermark.feed IS 'The feed';
COMMENT ON COLUMN ops.watermark.source_updated_at IS 'Greatest source_updated_at of the completed run';
COMMENT ON COLUMN ops.watermark.run_id IS 'The run that set it';

CREATE TABLE quarantine.problem (
    problem_id BIGINT GENERATED ALWAYS AS IDENTITY,
    batch_id BIGINT NOT NULL,
    row_number INTEGER NOT NULL,
    provider TEXT NOT NULL,
    feed TEXT NOT NULL,
    source_key TEXT,
    field TEXT,
    code TEXT NOT NULL,
    severity TEXT NOT NULL,
    CONSTRAINT problem_pk PRIMARY KEY (problem_id),
    CONSTRAINT problem_severity_ck CHECK (severity in ('reject', 'hold', 'warning')),
    CONSTRAINT problem_batch_id_fk FOREIGN KEY(batch_id) REFERENCES landing.batch (batch_id)
);
CREATE INDEX problem_batch_id_row_number_ix ON quarantine.problem (batch_id, row_number);
CREATE INDEX problem_severity_ix ON quarantine.problem (severity, feed);
COMMENT ON TABLE quarantine.problem IS 'One row per reason or warning given to a received row';
COMMENT ON COLUMN quarantine.problem.problem_id IS 'Number';
COMMENT ON COLUMN quarantine.problem.batch_id IS 'Delivery';
COMMENT ON COLUMN quarantine.problem.row_number IS 'Data row in the delivery, from 1';
COMMENT ON COLUMN quarantine.problem.provider IS 'The agency that delivered';
COMMENT ON COLUMN quarantine.problem.feed IS 'The feed';
COMMENT ON COLUMN quarantine.problem.source_key IS 'The row''s key where it could be read';
COMMENT ON COLUMN quarantine.problem.field IS 'The field, empty for the whole row';
COMMENT ON COLUMN quarantine.problem.code IS 'The agreement''s code';
COMMENT ON COLUMN quarantine.problem.severity IS 'reject, hold or warning';

CREATE TABLE quarantine.row (
    batch_id BIGINT NOT NULL,
    row_number INTEGER NOT NULL,
    provider TEXT NOT NULL,
    feed TEXT NOT NULL,
    source_key TEXT,
    state TEXT NOT NULL,
    received_sealed BYTEA NOT NULL,
    received_hash BYTEA NOT NULL,
    quarantined_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT row_pk PRIMARY KEY (batch_id, row_number),
    CONSTRAINT row_state_ck CHECK (state in ('rejected', 'held')),
    CONSTRAINT row_batch_id_fk FOREIGN KEY(batch_id) REFERENCES landing.batch (batch_id)
);
CREATE INDEX row_feed_source_key_ix ON quarantine.row (feed, source_key);
CREATE INDEX row_received_hash_ix ON quarantine.row (received_hash);
COMMENT ON TABLE quarantine.row IS 'One row per received row that was not loaded';
COMMENT ON COLUMN quarantine.row.batch_id IS 'Delivery it came in';
COMMENT ON COLUMN quarantine.row.row_number IS 'Data row in the delivery, from 1';
COMMENT ON COLUMN quarantine.row.provider IS 'The agency that delivered';
COMMENT ON COLUMN quarantine.row.feed IS 'The feed';
COMMENT ON COLUMN quarantine.row.source_key IS 'The row''s key where it could be read';
COMMENT ON COLUMN quarantine.row.state IS 'rejected (its sender repairs it) or held (a steward decides)';
COMMENT ON COLUMN quarantine.row.received_sealed IS 'The row as received, JSON, sealed';
COMMENT ON COLUMN quarantine.row.received_hash IS 'Keyed hash of the row as received; equal rows pulled again are duplicates';
COMMENT ON COLUMN quarantine.row.quarantined_at IS 'When it was set aside';

CREATE TABLE registry.parameter_value (
    name TEXT NOT NULL,
    region TEXT NOT NULL,
    residence TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    amount TEXT NOT NULL,
    document TEXT NOT NULL,
    loaded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    loaded_by TEXT NOT NULL,
    CONSTRAINT parameter_value_pk PRIMARY KEY (name, region, residence, valid_from),
    CONSTRAINT parameter_value_period_ck CHECK (valid_to is null or valid_to >= valid_from),
    CONSTRAINT parameter_value_name_fk FOREIGN KEY(name) REFERENCES registry.parameter (name)
);
COMMENT ON TABLE registry.parameter_value IS 'One row per value of a parameter for a region, residence and period';
COMMENT ON COLUMN registry.parameter_value.name IS 'The parameter';
COMMENT ON COLUMN registry.parameter_value.region IS 'Region prefix; 000000 = the nation';
COMMENT ON COLUMN registry.parameter_value.residence IS 'urban, rural or any';
COMMENT ON COLUMN registry.parameter_value.valid_from IS 'First day';
COMMENT ON COLUMN registry.parameter_value.valid_to IS 'Last day; empty = open';
COMMENT ON COLUMN registry.parameter_value.amount IS 'The value as text: number or word';
COMMENT ON COLUMN registry.parameter_value.document IS 'The document it stands in; SAMPLE when invented';
COMMENT ON COLUMN registry.parameter_value.loaded_at IS 'When it was loaded';
COMMENT ON COLUMN registry.parameter_value.loaded_by IS 'Who loaded it';

CREATE TABLE handoffs.handoff (
    handoff_id TEXT NOT NULL,
    person_id TEXT,
    decision_number TEXT NOT NULL,
    centre_code TEXT,
    station_code TEXT,
    expected_release_date DATE,
    actual_released_at TIMESTAMP WITH TIME ZONE,
    state TEXT NOT NULL,
    state_since_date DATE,
    next_step TEXT,
    next_due_date DATE,
    responsible_role TEXT,
    as_of_date DATE NOT NULL,
    worked_out_by_run BIGINT NOT NULL,
    CONSTRAINT handoff_pk PRIMARY KEY (handoff_id),
    CONSTRAINT handoff_person_id_fk FOREIGN KEY(person_id) REFERENCES identity.person (person_id),
    CONSTRAINT handoff_worked_out_by_run_fk FOREIGN KEY(worked_out_by_run) REFERENCES ops.run (run_id)
);
COMMENT ON TABLE handoffs.handoff IS 'One row per isolation episode that is near its end or has ended';
COMMENT ON COLUMN handoffs.handoff.handoff_id IS 'First 16 hex digits of SHA-256 of the normalised decision number';
COMMENT ON COLUMN handoffs.handoff.person_id IS 'The person, where the rows agree on one';
COMMENT ON COLUMN handoffs.handoff.decision_number IS 'Decision number as received';
COMMENT ON COLUMN handoffs.handoff.centre_code IS 'The centre that releases';
COMMENT ON COLUMN handoffs.handoff.station_code IS 'The station responsible';
COMMENT ON COLUMN handoffs.handoff.expected_release_date IS 'Earliest expected day';
COMMENT ON COLUMN handoffs.handoff.actual_released_at IS 'Actual release';
COMMENT ON COLUMN handoffs.handoff.state IS 'State of the handoff';
COMMENT ON COLUMN handoffs.handoff.state_since_date IS 'Since when';
COMMENT ON COLUMN handoffs.handoff.next_step IS 'What is to be done next';
COMMENT ON COLUMN handoffs.handoff.next_due_date IS 'By when';
COMMENT ON COLUMN handoffs.handoff.responsible_role IS 'By whom';
COMMENT ON COLUMN handoffs.handoff.as_of_date IS 'Day it was worked out for';
COMMENT ON COLUMN handoffs.handoff.worked_out_by_run IS 'Run';

CREATE TABLE identity.link (
    feed TEXT NOT NULL,
    source_key TEXT NOT NULL,
    person_id TEXT NOT NULL,
    link_status TEXT NOT NULL,
    rule TEXT NOT NULL,
    evidence JSONB DEFAULT '{}' NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    decided_by_run BIGINT NOT NULL,
    CONSTRAINT link_pk PRIMARY KEY (feed, source_key),
    CONSTRAINT link_status_ck CHECK (link_status in ('linked', 'review', 'unlinked')),
    CONSTRAINT link_person_id_fk FOREIGN KEY(person_id) REFERENCES identity.person (person_id),
    CONSTRAINT link_decided_by_run_fk FOREIGN KEY(decided_by_run) REFERENCES ops.run (run_id)
);
CREATE INDEX link_person_id_ix ON identity.link (person_id);
COMMENT ON TABLE identity.link IS 'One row per source record of a person feed: whose it is and by which evidence';
COMMENT ON COLUMN identity.link.feed IS 'The feed';
COMMENT ON COLUMN identity.link.source_key IS 'The row''s key';
COMMENT ON COLUMN identity.link.person_id IS 'The person';
COMMENT ON COLUMN identity.link.link_status IS 'linked, review or unlinked';
COMMENT ON COLUMN identity.link.rule IS 'Number of the evidence rule that decided (identity rules 1 to 11)';
COMMENT ON COLUMN identity.link.evidence IS 'Classes of evidence, never values';
COMMENT ON COLUMN identity.link.decided_at IS 'When';
COMMENT ON COLUMN identity.link.decided_by_run IS 'Run that decided';
