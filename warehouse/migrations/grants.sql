-- Who may do what. Run by `migrate` after every change of tables; the picture is schema = stage.
-- The intake speaks with strangers: of what centres push it may take in and answer, and it reads who they are, the law's days, and of
-- its own feed which version of a notice is known, never what one says. Nothing of persons, other feeds, handoffs or benefits.
grant usage on schema landing, sealed, staging, quarantine, ops, registry to guitu_intake;
grant select, insert, update on landing.batch, landing.push to guitu_intake;
grant select, insert on landing.nonce to guitu_intake;
grant usage on sequence landing.batch_decided_order to guitu_intake;
grant insert, select (source_key, source_updated_at, content_hash, is_current), update (is_current) on sealed.release_notices to guitu_intake;
grant insert on quarantine.row to guitu_intake;
grant select, insert on quarantine.problem to guitu_intake;
grant insert on ops.expectation_result to guitu_intake;
grant insert, select (batch_id), update on ops.receipt to guitu_intake;
grant select on ops.steward_decision to guitu_intake;
grant select on registry.centre, registry.centre_key, registry.code_message to guitu_intake;
grant select on registry.parameter, registry.parameter_value, registry.calendar_day to guitu_intake;
grant select (source_key, source_updated_at, operation_code, is_current, organization_code, organization_type_code, region_code,
    valid_from_date, valid_to_date) on staging.station_directory to guitu_intake;

grant usage on schema landing, staging, sealed, quarantine, identity, registry, handoffs, benefits, published, ops to guitu_etl;
grant select, insert, update on all tables in schema landing, staging, sealed, quarantine to guitu_etl;
grant delete on all tables in schema staging, sealed, quarantine to guitu_etl;
grant select, insert, update, delete on all tables in schema identity, handoffs, benefits to guitu_etl;
grant select, insert, update on all tables in schema registry, ops to guitu_etl;
grant delete on all tables in schema registry to guitu_etl;
grant delete on ops.expectation_result, ops.receipt, ops.snapshot to guitu_etl;
grant usage on all sequences in schema landing, staging, sealed, quarantine, identity, handoffs, benefits, ops to guitu_etl;
grant select on all tables in schema published to guitu_etl;
revoke insert, update, delete on ops.publication from guitu_etl;
-- Who changed a centre's keys, and which nonces were used, is never rewritten.
revoke update, delete on registry.centre_event, landing.nonce from guitu_etl;
-- What was said of a day, by either side, stays said.
revoke update, delete on landing.manifest, landing.declaration from guitu_etl;
grant select, insert on landing.manifest, landing.declaration to guitu_intake;
revoke update, delete on registry.replaced_parameter_value, registry.replaced_parameter from guitu_etl;
-- What a steward decided is taken back, never changed; the guard's own table is written by its triggers only.
revoke update, delete on identity.steward_decision, identity.person_event, identity.correction from guitu_etl;
grant update (known_to_run, withdrawn_at, withdrawn_by, withdrawal_reason, withdrawal_known_to_run) on identity.steward_decision to guitu_etl;
revoke delete on identity.review_case from guitu_etl;
revoke insert, update, delete on identity.never_guard from guitu_etl;
-- The history of flags only grows.
revoke update, delete on handoffs.flag_event from guitu_etl;
revoke update, delete on benefits.household_flag_event from guitu_etl;
grant execute on function identity.drop_record_keys(), identity.build_record_keys() to guitu_etl;

grant usage on schema identity, handoffs, benefits, published, ops to guitu_publisher;
grant select on all tables in schema identity, handoffs, benefits to guitu_publisher;
revoke select on benefits.absence from guitu_publisher;
revoke select on identity.steward_decision, identity.review_case, identity.correction, identity.record, identity.record_key, identity.value, identity.model from guitu_publisher;
grant select, insert, update, delete on all tables in schema published to guitu_publisher;
grant select, insert, update on ops.lease, ops.run, ops.publication to guitu_publisher;
grant usage on all sequences in schema ops to guitu_publisher;

grant usage on schema published to guitu_handoff_reader, guitu_operator;
grant select on published.handoffs, published.handoff_flags, published.case_flags, published.points_balances, published.service_counts, published.kpis to guitu_handoff_reader;
-- A station reads which benefits its persons may be entitled to, also of those no other desk may hear of: benefit and outcome alone.
grant usage on schema published to guitu_station_reader;
grant select on published.station_findings to guitu_station_reader;
-- Each benefit desk reads what is its own: civil affairs findings and flags of assistance households and applicants, the others the parts
-- of warehouse/tables/desks.py. None sees a finding about somebody without household and application, or a flag before the next working
-- morning.
grant usage on schema published to guitu_civil_affairs_reader, guitu_employment_reader, guitu_housing_reader;
grant select on published.findings, published.household_flags to guitu_civil_affairs_reader;
grant select on published.employment_findings, published.excluded_occupations to guitu_employment_reader;
grant select on published.housing_findings, published.housing_flags to guitu_housing_reader;
alter table published.findings enable row level security;
alter table published.household_flags enable row level security;
drop policy if exists civil_affairs on published.findings;
create policy civil_affairs on published.findings for select to guitu_civil_affairs_reader
    using (not is_station_only and (household_number is not null or benefit_code <> 'employment_assistance'));
drop policy if exists civil_affairs on published.household_flags;
create policy civil_affairs on published.household_flags for select to guitu_civil_affairs_reader using (visible_from <= now());
drop policy if exists house on published.findings;
create policy house on published.findings to guitu_publisher, guitu_etl using (true) with check (true);
drop policy if exists house on published.household_flags;
create policy house on published.household_flags to guitu_publisher, guitu_etl using (true) with check (true);
grant usage on schema ops to guitu_operator;
grant select on ops.alert, ops.run, ops.watermark, ops.snapshot, ops.expectation_result, ops.publication to guitu_operator;
grant select on published.feed_health, published.rejected_rows, published.warnings to guitu_operator;

-- Messages: written with the switch, sent by the messenger's steps; operators see what could not be delivered, without its text.
grant usage on schema outbox to guitu_etl, guitu_publisher, guitu_operator;
grant select, insert, update on all tables in schema outbox to guitu_etl, guitu_publisher;
grant usage on all sequences in schema outbox to guitu_etl, guitu_publisher;
grant select on outbox.dead_letters to guitu_operator;
-- Alerts: found by steps and the switch, taken in hand by operators.
grant select, insert, update on ops.alert to guitu_publisher;
grant update (acknowledged_at, acknowledged_by, acknowledgement) on ops.alert to guitu_operator;
