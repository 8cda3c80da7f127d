-- Stewards' decisions and questions, corrections told, events of persons; then the guard on "never these two".
CREATE TABLE identity.person_event (
    event_id BIGINT GENERATED ALWAYS AS IDENTITY,
    person_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    other_person_id TEXT,
    run_id BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT person_event_pk PRIMARY KEY (event_id),
    CONSTRAINT person_event_kind_ck CHECK (kind in ('created', 'merged', 'split', 'revived')),
    CONSTRAINT person_event_person_id_fk FOREIGN KEY(person_id) REFERENCES identity.person (person_id),
    CONSTRAINT person_event_other_person_id_fk FOREIGN KEY(other_person_id) REFERENCES identity.person (person_id),
    CONSTRAINT person_event_run_id_fk FOREIGN KEY(run_id) REFERENCES ops.run (run_id)
);
CREATE INDEX person_event_person_id_ix ON identity.person_event (person_id);
CREATE INDEX person_event_run_id_ix ON identity.person_event (run_id);
COMMENT ON TABLE identity.person_event IS 'One row per thing that happened to a person as a whole; never changed';
COMMENT ON COLUMN identity.person_event.event_id IS 'Number in order of happening';
COMMENT ON COLUMN identity.person_event.person_id IS 'The person it happened to';
COMMENT ON COLUMN identity.person_event.kind IS 'created, merged (into the other), split (made of rows of the other) or revived (a merged id is used again)';
COMMENT ON COLUMN identity.person_event.other_person_id IS 'The other person of a merge or split';
COMMENT ON COLUMN identity.person_event.run_id IS 'Run that did it';
COMMENT ON COLUMN identity.person_event.at IS 'When';

CREATE TABLE identity.steward_decision (
    decision_id BIGINT GENERATED ALWAYS AS IDENTITY,
    act TEXT NOT NULL,
    kind TEXT NOT NULL,
    feed_a TEXT NOT NULL,
    source_key_a TEXT NOT NULL,
    feed_b TEXT NOT NULL,
    source_key_b TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    known_to_run BIGINT,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    withdrawn_by TEXT,
    withdrawal_reason TEXT,
    withdrawal_known_to_run BIGINT,
    CONSTRAINT steward_decision_pk PRIMARY KEY (decision_id),
    CONSTRAINT steward_decision_kind_ck CHECK (kind in ('same', 'never')),
    CONSTRAINT steward_decision_pair_is_in_order_ck CHECK ((feed_a collate "C", source_key_a collate "C") < (feed_b collate "C", source_key_b collate "C")),
    CONSTRAINT steward_decision_reason_names_no_number_ck CHECK (btrim(reason) <> '' and reason !~ '[0-9]{15}'),
    CONSTRAINT steward_decision_withdrawal_reason_names_no_number_ck CHECK (withdrawal_reason is null or withdrawal_reason !~ '[0-9]{15}'),
    CONSTRAINT steward_decision_withdrawal_is_whole_ck CHECK (num_nulls(withdrawn_at, withdrawn_by, withdrawal_reason) in (0, 3)),
    CONSTRAINT steward_decision_known_to_run_fk FOREIGN KEY(known_to_run) REFERENCES ops.run (run_id),
    CONSTRAINT steward_decision_withdrawal_known_to_run_fk FOREIGN KEY(withdrawal_known_to_run) REFERENCES ops.run (run_id)
);
CREATE INDEX steward_decision_act_ix ON identity.steward_decision (act);
CREATE INDEX steward_decision_open_other_ix ON identity.steward_decision (feed_b, source_key_b) WHERE withdrawn_at is null;
CREATE UNIQUE INDEX steward_decision_open_uq ON identity.steward_decision (feed_a, source_key_a, feed_b, source_key_b) WHERE withdrawn_at is null;
COMMENT ON TABLE identity.steward_decision IS 'One row per decision of a steward on two source records; withdrawn, never removed';
COMMENT ON COLUMN identity.steward_decision.decision_id IS 'Number in order of deciding';
COMMENT ON COLUMN identity.steward_decision.act IS 'Decisions taken in one act share it: they are undone together';
COMMENT ON COLUMN identity.steward_decision.kind IS 'same: one person; never: two persons, whatever their rows say';
COMMENT ON COLUMN identity.steward_decision.feed_a IS 'Feed of the row that comes first by feed and key';
COMMENT ON COLUMN identity.steward_decision.source_key_a IS 'Its key';
COMMENT ON COLUMN identity.steward_decision.feed_b IS 'Feed of the other row';
COMMENT ON COLUMN identity.steward_decision.source_key_b IS 'Its key';
COMMENT ON COLUMN identity.steward_decision.decided_by IS 'Who decided';
COMMENT ON COLUMN identity.steward_decision.reason IS 'Why, in the steward''s words; no run of 15 digits';
COMMENT ON COLUMN identity.steward_decision.decided_at IS 'When';
COMMENT ON COLUMN identity.steward_decision.known_to_run IS 'First linking that knew it';
COMMENT ON COLUMN identity.steward_decision.withdrawn_at IS 'When it was taken back; empty while it stands';
COMMENT ON COLUMN identity.steward_decision.withdrawn_by IS 'Who took it back';
COMMENT ON COLUMN identity.steward_decision.withdrawal_reason IS 'Why it was taken back';
COMMENT ON COLUMN identity.steward_decision.withdrawal_known_to_run IS 'First linking that knew it was taken back';

CREATE TABLE identity.never_guard (
    decision_id BIGINT NOT NULL,
    touched BIGINT NOT NULL,
    CONSTRAINT never_guard_pk PRIMARY KEY (decision_id),
    CONSTRAINT never_guard_decision_id_fk FOREIGN KEY(decision_id) REFERENCES identity.steward_decision (decision_id)
);
COMMENT ON TABLE identity.never_guard IS 'One row per never decision: the guard''s own; only its triggers write here';
COMMENT ON COLUMN identity.never_guard.decision_id IS 'The decision';
COMMENT ON COLUMN identity.never_guard.touched IS 'Rises with every write to a link of the pair; makes concurrent writers meet';

CREATE TABLE identity.review_case (
    case_id BIGINT GENERATED ALWAYS AS IDENTITY,
    feed TEXT NOT NULL,
    source_key TEXT NOT NULL,
    other_feed TEXT,
    other_source_key TEXT,
    person_id TEXT,
    kind TEXT NOT NULL,
    rule TEXT NOT NULL,
    odds DOUBLE PRECISION,
    value DOUBLE PRECISION NOT NULL,
    evidence JSONB DEFAULT '{}' NOT NULL,
    model_said TEXT,
    status TEXT DEFAULT 'open' NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    opened_by_run BIGINT NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    decision_id BIGINT,
    CONSTRAINT review_case_pk PRIMARY KEY (case_id),
    CONSTRAINT review_case_kind_ck CHECK (kind in ('doubtful_match', 'number_conflict', 'two_numbers', 'key_conflict', 'broken_cluster')),
    CONSTRAINT review_case_status_ck CHECK (status in ('open', 'decided', 'stale')),
    CONSTRAINT review_case_model_said_ck CHECK (model_said in ('same', 'never')),
    CONSTRAINT review_case_decided_by_a_decision_ck CHECK ((status = 'decided') = (decision_id is not null)),
    CONSTRAINT review_case_closed_when_not_open_ck CHECK ((status = 'open') = (closed_at is null)),
    CONSTRAINT review_case_opened_by_run_fk FOREIGN KEY(opened_by_run) REFERENCES ops.run (run_id),
    CONSTRAINT review_case_decision_id_fk FOREIGN KEY(decision_id) REFERENCES identity.steward_decision (decision_id)
);
CREATE UNIQUE INDEX review_case_open_uq ON identity.review_case (feed, source_key, other_feed, other_source_key, kind) NULLS NOT DISTINCT WHERE status = 'open';
CREATE INDEX review_case_value_ix ON identity.review_case (value desc, case_id) WHERE status = 'open';
COMMENT ON TABLE identity.review_case IS 'One row per question to a steward; closed, never removed';
COMMENT ON COLUMN identity.review_case.case_id IS 'Number in order of opening';
COMMENT ON COLUMN identity.review_case.feed IS 'Feed of the row in doubt';
COMMENT ON COLUMN identity.review_case.source_key IS 'Its key';
COMMENT ON COLUMN identity.review_case.other_feed IS 'Feed of the row that stands for the candidate; empty where the row contradicts itself';
COMMENT ON COLUMN identity.review_case.other_source_key IS 'Its key';
COMMENT ON COLUMN identity.review_case.person_id IS 'The candidate person, where there is one';
COMMENT ON COLUMN identity.review_case.kind IS 'What is doubtful: doubtful_match, number_conflict, two_numbers, key_conflict or broken_cluster';
COMMENT ON COLUMN identity.review_case.rule IS 'Evidence rule that raised it';
COMMENT ON COLUMN identity.review_case.odds IS 'Natural logarithm of the model''s odds that they are one person';
COMMENT ON COLUMN identity.review_case.value IS 'What a decision is worth; the greatest is asked first';
COMMENT ON COLUMN identity.review_case.evidence IS 'Classes of evidence, never values';
COMMENT ON COLUMN identity.review_case.model_said IS 'What the model leaned to: same or never; empty where no model was asked';
COMMENT ON COLUMN identity.review_case.status IS 'open, decided, or stale (the facts changed before anybody decided)';
COMMENT ON COLUMN identity.review_case.opened_at IS 'When';
COMMENT ON COLUMN identity.review_case.opened_by_run IS 'Linking that raised it';
COMMENT ON COLUMN identity.review_case.closed_at IS 'When it was decided or became stale';
COMMENT ON COLUMN identity.review_case.decision_id IS 'The decision';

CREATE TABLE identity.correction (
    feed TEXT NOT NULL,
    source_key TEXT NOT NULL,
    code TEXT NOT NULL,
    said_hash BYTEA NOT NULL,
    field TEXT NOT NULL,
    batch_id BIGINT NOT NULL,
    row_number INTEGER NOT NULL,
    told_by_run BIGINT NOT NULL,
    told_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT correction_pk PRIMARY KEY (feed, source_key, code, said_hash),
    CONSTRAINT correction_batch_id_fk FOREIGN KEY(batch_id) REFERENCES landing.batch (batch_id),
    CONSTRAINT correction_told_by_run_fk FOREIGN KEY(told_by_run) REFERENCES ops.run (run_id)
);
CREATE INDEX correction_batch_id_ix ON identity.correction (batch_id);
COMMENT ON TABLE identity.correction IS 'One row per thing a provider was asked to check about one of its rows; told once';
COMMENT ON COLUMN identity.correction.feed IS 'The feed';
COMMENT ON COLUMN identity.correction.source_key IS 'The row''s key';
COMMENT ON COLUMN identity.correction.code IS 'What is to be checked';
COMMENT ON COLUMN identity.correction.said_hash IS 'Hash of what the row said of the person; the same saying is told about once';
COMMENT ON COLUMN identity.correction.field IS 'The field to check';
COMMENT ON COLUMN identity.correction.batch_id IS 'Delivery of the row''s version';
COMMENT ON COLUMN identity.correction.row_number IS 'Data row in the delivery';
COMMENT ON COLUMN identity.correction.told_by_run IS 'Run that told';
COMMENT ON COLUMN identity.correction.told_at IS 'When it was added to the delivery''s receipt';

COMMENT ON COLUMN identity.link.rule IS 'Evidence rule that decided (identity rules 1 to 11), or steward';
COMMENT ON COLUMN ops.run.step IS 'ingest, link, steward, corrections, handoffs, benefits, publish, replay';

-- Never these two. No transaction ends with both rows of an open never decision on one person, whoever writes the links.
-- Each statement that writes links notes, in one join with the open decisions (not row by row), which pairs it met; the noted
-- pairs are looked at when the transaction ends, so that both rows may move in two statements. The note is a real update of
-- one row per pair: two transactions that each move one row of a pair meet there, also under repeatable read.
CREATE FUNCTION identity.note_links_written() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE identity.never_guard SET touched = touched + 1 WHERE decision_id IN (
        SELECT d.decision_id FROM identity.steward_decision d JOIN written w ON w.feed = d.feed_a AND w.source_key = d.source_key_a
        WHERE d.kind = 'never' AND d.withdrawn_at IS NULL
        UNION ALL
        SELECT d.decision_id FROM identity.steward_decision d JOIN written w ON w.feed = d.feed_b AND w.source_key = d.source_key_b
        WHERE d.kind = 'never' AND d.withdrawn_at IS NULL
    );
    RETURN NULL;
END $$;
CREATE TRIGGER link_inserted_guard AFTER INSERT ON identity.link REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION identity.note_links_written();
CREATE TRIGGER link_updated_guard AFTER UPDATE ON identity.link REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION identity.note_links_written();

CREATE FUNCTION identity.refuse_never_together() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    pair record;
BEGIN
    SELECT d.* INTO pair
    FROM identity.steward_decision d
    JOIN identity.link a ON a.feed = d.feed_a AND a.source_key = d.source_key_a
    JOIN identity.link b ON b.feed = d.feed_b AND b.source_key = d.source_key_b
    WHERE d.decision_id = NEW.decision_id AND d.kind = 'never' AND d.withdrawn_at IS NULL AND a.person_id = b.person_id;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', SCHEMA = 'identity', TABLE = 'link', CONSTRAINT = 'never_these_two',
            MESSAGE = 'never one person by decision ' || pair.decision_id || ': ' || pair.feed_a || ' ' || pair.source_key_a || ' and '
                || pair.feed_b || ' ' || pair.source_key_b,
            HINT = 'keep the two rows apart, or withdraw the decision';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER never_these_two AFTER INSERT OR UPDATE ON identity.never_guard DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION identity.refuse_never_together();

-- A new (or reopened) never decision writes both links as they are: a transaction that began before it and moves one of them
-- waits and then sees the decision, or fails. A row that is not linked could be linked behind its back, so it is refused.
CREATE FUNCTION identity.begin_never() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    written integer;
BEGIN
    INSERT INTO identity.never_guard (decision_id, touched) VALUES (NEW.decision_id, 0) ON CONFLICT DO NOTHING;
    UPDATE identity.link SET person_id = person_id
    WHERE (feed, source_key) IN ((NEW.feed_a, NEW.source_key_a), (NEW.feed_b, NEW.source_key_b));
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written < 2 THEN
        RAISE EXCEPTION USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'never_between_linked_rows',
            MESSAGE = 'a never decision needs two linked rows: ' || NEW.feed_a || ' ' || NEW.source_key_a || ' and '
                || NEW.feed_b || ' ' || NEW.source_key_b;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER steward_decision_guard AFTER INSERT OR UPDATE OF kind, feed_a, source_key_a, feed_b, source_key_b, withdrawn_at
    ON identity.steward_decision FOR EACH ROW WHEN (NEW.kind = 'never' AND NEW.withdrawn_at IS NULL)
    EXECUTE FUNCTION identity.begin_never();

ALTER TABLE identity.link ADD COLUMN is_loose BOOLEAN DEFAULT true NOT NULL;
COMMENT ON COLUMN identity.link.is_loose IS 'True where no sure number holds the row: it is asked again when somebody like it comes';
CREATE INDEX person_merged_into_ix ON identity.person (merged_into) WHERE merged_into is not null;
CREATE INDEX link_decided_by_run_ix ON identity.link (decided_by_run);

-- What every source record says, ready to be compared; values sealed once each; the models.
CREATE TABLE identity.record (
    record_id BIGINT GENERATED ALWAYS AS IDENTITY,
    feed TEXT NOT NULL,
    source_key TEXT NOT NULL,
    version_id BIGINT NOT NULL,
    number_code BIGINT,
    text_code BIGINT,
    name_code BIGINT,
    phone_code BIGINT,
    house_code BIGINT,
    registration_number_code BIGINT,
    order_number_code BIGINT,
    decision_number_code BIGINT,
    case_number_code BIGINT,
    job_seeker_number_code BIGINT,
    household_number_code BIGINT,
    place_code BIGINT,
    seeking_code BIGINT,
    birth_date DATE,
    sex SMALLINT NOT NULL,
    hukou_region INTEGER,
    residence_region INTEGER,
    register_codes BIGINT[] NOT NULL,
    keys BIGINT[] NOT NULL,
    CONSTRAINT record_pk PRIMARY KEY (record_id)
);
CREATE INDEX record_keys_ix ON identity.record USING gin (keys) WITH (fastupdate = off);
CREATE UNIQUE INDEX record_source_uq ON identity.record (feed, source_key);
COMMENT ON TABLE identity.record IS 'One row per current source record of a person feed: its evidence, ready to be compared';
COMMENT ON COLUMN identity.record.record_id IS 'Number of the record, in order of arrival';
COMMENT ON COLUMN identity.record.feed IS 'The feed';
COMMENT ON COLUMN identity.record.source_key IS 'The row''s key';
COMMENT ON COLUMN identity.record.version_id IS 'The version it was made of';
COMMENT ON COLUMN identity.record.number_code IS 'Keyed code of the sure number';
COMMENT ON COLUMN identity.record.text_code IS 'Keyed code of the damaged number';
COMMENT ON COLUMN identity.record.name_code IS 'Keyed code of the name';
COMMENT ON COLUMN identity.record.phone_code IS 'Keyed code of the phone';
COMMENT ON COLUMN identity.record.house_code IS 'Keyed code of the dwelling';
COMMENT ON COLUMN identity.record.registration_number_code IS 'Keyed code';
COMMENT ON COLUMN identity.record.order_number_code IS 'Keyed code of the number as compared';
COMMENT ON COLUMN identity.record.decision_number_code IS 'Keyed code of the number as compared';
COMMENT ON COLUMN identity.record.case_number_code IS 'Keyed code';
COMMENT ON COLUMN identity.record.job_seeker_number_code IS 'Keyed code';
COMMENT ON COLUMN identity.record.household_number_code IS 'Keyed code';
COMMENT ON COLUMN identity.record.place_code IS 'Keyed code of name and county';
COMMENT ON COLUMN identity.record.seeking_code IS 'The same, as rows without a birth date have it among their keys';
COMMENT ON COLUMN identity.record.birth_date IS 'As told, not from the number';
COMMENT ON COLUMN identity.record.sex IS '1 male, 2 female, 0 not told';
COMMENT ON COLUMN identity.record.hukou_region IS 'County, six digits';
COMMENT ON COLUMN identity.record.residence_region IS 'County, six digits';
COMMENT ON COLUMN identity.record.register_codes IS 'Codes of the numbers that a correction of the register names';
COMMENT ON COLUMN identity.record.keys IS 'Every code by which other records find this one';

CREATE TABLE identity.value (
    kind TEXT NOT NULL,
    code BIGINT NOT NULL,
    sealed BYTEA,
    record_count INTEGER DEFAULT '0' NOT NULL,
    CONSTRAINT value_pk PRIMARY KEY (kind, code),
    CONSTRAINT value_kind_ck CHECK (kind in ('name', 'number', 'phone', 'text'))
);
COMMENT ON TABLE identity.value IS 'One row per distinct name, number, damaged number or phone of the records; sealed';
COMMENT ON COLUMN identity.value.kind IS 'name, number, text (a damaged number) or phone';
COMMENT ON COLUMN identity.value.code IS 'Keyed code of the value';
COMMENT ON COLUMN identity.value.sealed IS 'The value as compared, sealed; empty for phones, which are only counted';
COMMENT ON COLUMN identity.value.record_count IS 'Records that have it';

CREATE TABLE identity.prepared_feed (
    feed TEXT NOT NULL,
    form INTEGER NOT NULL,
    version_id BIGINT NOT NULL,
    snapshot_batch_id BIGINT NOT NULL,
    CONSTRAINT prepared_feed_pk PRIMARY KEY (feed)
);
COMMENT ON TABLE identity.prepared_feed IS 'One row per person feed: how far its versions have been made into records';
COMMENT ON COLUMN identity.prepared_feed.feed IS 'The feed';
COMMENT ON COLUMN identity.prepared_feed.form IS 'Form of the records; another form of ours makes them all anew';
COMMENT ON COLUMN identity.prepared_feed.version_id IS 'Greatest version looked at';
COMMENT ON COLUMN identity.prepared_feed.snapshot_batch_id IS 'Last full snapshot looked at (landing.batch), 0 = none';

CREATE TABLE identity.model (
    model_id BIGINT GENERATED ALWAYS AS IDENTITY,
    body BYTEA NOT NULL,
    trained_at TIMESTAMP WITH TIME ZONE NOT NULL,
    trained_by_run BIGINT NOT NULL,
    row_count BIGINT NOT NULL,
    is_active BOOLEAN NOT NULL,
    CONSTRAINT model_pk PRIMARY KEY (model_id),
    CONSTRAINT model_trained_by_run_fk FOREIGN KEY(trained_by_run) REFERENCES ops.run (run_id)
);
CREATE UNIQUE INDEX model_active_uq ON identity.model (is_active) WHERE is_active;
COMMENT ON TABLE identity.model IS 'One row per model that linking trained; no value of a person is in one';
COMMENT ON COLUMN identity.model.model_id IS 'Number of the model';
COMMENT ON COLUMN identity.model.body IS 'The model in its library''s open form';
COMMENT ON COLUMN identity.model.trained_at IS 'When';
COMMENT ON COLUMN identity.model.trained_by_run IS 'Linking that trained it';
COMMENT ON COLUMN identity.model.row_count IS 'Records it was trained on';
COMMENT ON COLUMN identity.model.is_active IS 'True for the one in use';

-- Building the index over many new records at once takes seconds, feeding it row by row minutes; the ETL role owns no table.
CREATE FUNCTION identity.drop_record_keys() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DROP INDEX identity.record_keys_ix;
$$;
CREATE FUNCTION identity.build_record_keys() RETURNS void LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET maintenance_work_mem = '256MB' AS $$
    CREATE INDEX record_keys_ix ON identity.record USING gin (keys) WITH (fastupdate = off);
$$;
REVOKE EXECUTE ON FUNCTION identity.drop_record_keys(), identity.build_record_keys() FROM public;

