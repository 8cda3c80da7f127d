-- Messages to people and systems, and what became of them.
CREATE TABLE outbox.alert (
    alert_id BIGINT GENERATED ALWAYS AS IDENTITY,
    kind TEXT NOT NULL,
    organization_code TEXT NOT NULL,
    subject TEXT NOT NULL,
    count INTEGER DEFAULT '1' NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT alert_pk PRIMARY KEY (alert_id)
);
CREATE UNIQUE INDEX alert_open_uq ON outbox.alert (kind, organization_code, subject) WHERE closed_at is null;
COMMENT ON TABLE outbox.alert IS 'One row per thing that should be there and is not: a delivery, somebody to be told; closed when it is';
COMMENT ON COLUMN outbox.alert.alert_id IS 'Number in order of opening';
COMMENT ON COLUMN outbox.alert.kind IS 'BATCH_MISSING, CENTRE_SILENT, SNAPSHOT_MISSING, NOTICES_UNSENT, NUMBERING_UNKNOWN or NOBODY_TOLD';
COMMENT ON COLUMN outbox.alert.organization_code IS 'The sender; of NOBODY_TOLD the organisation or county';
COMMENT ON COLUMN outbox.alert.subject IS 'What is missing: a batch_id, a month, a day, an audience; or empty';
COMMENT ON COLUMN outbox.alert.count IS 'How many, where it is counted';
COMMENT ON COLUMN outbox.alert.opened_at IS 'When it was noticed';
COMMENT ON COLUMN outbox.alert.closed_at IS 'When it was there after all';

CREATE TABLE outbox.opening (
    opening_id BIGINT GENERATED ALWAYS AS IDENTITY,
    about_id TEXT NOT NULL,
    flag_code TEXT NOT NULL,
    severity TEXT NOT NULL,
    audience TEXT[],
    see JSONB,
    flag_opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    escalated_date DATE,
    CONSTRAINT opening_pk PRIMARY KEY (opening_id),
    CONSTRAINT opening_severity_ck CHECK (severity in ('critical', 'warning', 'info'))
);
CREATE UNIQUE INDEX opening_open_uq ON outbox.opening (about_id, flag_code) WHERE closed_at is null;
COMMENT ON TABLE outbox.opening IS 'One row per time a flag of a handoff or of an aftercare case opened for readers';
COMMENT ON COLUMN outbox.opening.opening_id IS 'Number in order of opening';
COMMENT ON COLUMN outbox.opening.about_id IS 'The handoff or the case';
COMMENT ON COLUMN outbox.opening.flag_code IS 'The flag';
COMMENT ON COLUMN outbox.opening.severity IS 'Highest severity that was told';
COMMENT ON COLUMN outbox.opening.audience IS 'Whom it concerned when it was told, as audience:scope; empty until then';
COMMENT ON COLUMN outbox.opening.see IS 'Letters of the audiences that see the flag and were told; empty until then';
COMMENT ON COLUMN outbox.opening.flag_opened_at IS 'opened_at of the flag in schema handoffs: another one is another opening';
COMMENT ON COLUMN outbox.opening.opened_at IS 'When readers first saw it';
COMMENT ON COLUMN outbox.opening.closed_at IS 'When readers no longer saw it open, or open for another date';
COMMENT ON COLUMN outbox.opening.escalated_date IS 'Day the coordinator was last told that it is overdue';

CREATE TABLE outbox.recipient (
    recipient_id BIGINT GENERATED ALWAYS AS IDENTITY,
    audience TEXT NOT NULL,
    scope TEXT NOT NULL,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    registered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    registered_by TEXT NOT NULL,
    included_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT recipient_pk PRIMARY KEY (recipient_id),
    CONSTRAINT recipient_audience_scope_channel_address_valid_from_uq UNIQUE (audience, scope, channel, address, valid_from),
    CONSTRAINT recipient_audience_ck CHECK (audience in ('station', 'centre', 'police', 'coordinator', 'operator', 'steward', 'organization')),
    CONSTRAINT recipient_channel_ck CHECK (channel in ('email', 'webhook')),
    CONSTRAINT recipient_period_ck CHECK (valid_to is null or valid_to >= valid_from),
    CONSTRAINT recipient_scope_where_there_is_one_ck CHECK ((scope = '') = (audience in ('operator', 'steward')))
);
COMMENT ON TABLE outbox.recipient IS 'One row per address that is told, for one audience and area and one period';
COMMENT ON COLUMN outbox.recipient.recipient_id IS 'Number in order of registering';
COMMENT ON COLUMN outbox.recipient.audience IS 'station, centre, police, coordinator, operator, steward or organization';
COMMENT ON COLUMN outbox.recipient.scope IS 'Organisation code (station, centre, organization), region prefix without padding (police, coordinator), else empty';
COMMENT ON COLUMN outbox.recipient.channel IS 'email or webhook';
COMMENT ON COLUMN outbox.recipient.address IS 'Mail address of the office, or https address';
COMMENT ON COLUMN outbox.recipient.valid_from IS 'First day it is told';
COMMENT ON COLUMN outbox.recipient.valid_to IS 'Last day; empty = open';
COMMENT ON COLUMN outbox.recipient.registered_at IS 'When';
COMMENT ON COLUMN outbox.recipient.registered_by IS 'Who registered it';
COMMENT ON COLUMN outbox.recipient.included_at IS 'When it was first told what was open already';

CREATE TABLE outbox.message (
    message_id BIGINT GENERATED ALWAYS AS IDENTITY,
    message_key UUID DEFAULT gen_random_uuid() NOT NULL,
    recipient_id BIGINT NOT NULL,
    occasion TEXT NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    state TEXT DEFAULT 'waiting' NOT NULL,
    attempts INTEGER DEFAULT '0' NOT NULL,
    failures INTEGER DEFAULT '0' NOT NULL,
    next_try_at TIMESTAMP WITH TIME ZONE NOT NULL,
    subject TEXT,
    body TEXT,
    content JSONB,
    finished_at TIMESTAMP WITH TIME ZONE,
    last_error TEXT,
    CONSTRAINT message_pk PRIMARY KEY (message_id),
    CONSTRAINT message_recipient_id_occasion_uq UNIQUE (recipient_id, occasion),
    CONSTRAINT message_message_key_uq UNIQUE (message_key),
    CONSTRAINT message_state_ck CHECK (state in ('waiting', 'sending', 'sent', 'dropped', 'dead')),
    CONSTRAINT message_finished_when_decided_ck CHECK ((state in ('waiting', 'sending')) = (finished_at is null)),
    CONSTRAINT message_recipient_id_fk FOREIGN KEY(recipient_id) REFERENCES outbox.recipient (recipient_id)
);
CREATE INDEX message_due_ix ON outbox.message (next_try_at) WHERE state in ('waiting', 'sending');
COMMENT ON TABLE outbox.message IS 'One row per message to one recipient';
COMMENT ON COLUMN outbox.message.message_id IS 'Number in order of making';
COMMENT ON COLUMN outbox.message.message_key IS 'What the receiver knows it by; the same at every attempt';
COMMENT ON COLUMN outbox.message.recipient_id IS 'To whom';
COMMENT ON COLUMN outbox.message.occasion IS 'urgent/<publication token>, or round/<instant it is due>';
COMMENT ON COLUMN outbox.message.made_at IS 'When it was first written';
COMMENT ON COLUMN outbox.message.state IS 'waiting, sending, sent, dropped (nothing left to tell) or dead';
COMMENT ON COLUMN outbox.message.attempts IS 'Attempts begun';
COMMENT ON COLUMN outbox.message.failures IS 'Attempts the receiver''s side failed; too many make it dead';
COMMENT ON COLUMN outbox.message.next_try_at IS 'Not before';
COMMENT ON COLUMN outbox.message.subject IS 'Subject as sent';
COMMENT ON COLUMN outbox.message.body IS 'Text as sent';
COMMENT ON COLUMN outbox.message.content IS 'The same for machines, as sent';
COMMENT ON COLUMN outbox.message.finished_at IS 'When it was sent or given up';
COMMENT ON COLUMN outbox.message.last_error IS 'What the last attempt met; never a value';

CREATE TABLE outbox.attempt (
    message_id BIGINT NOT NULL,
    number INTEGER NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    outcome TEXT,
    error TEXT,
    CONSTRAINT attempt_pk PRIMARY KEY (message_id, number),
    CONSTRAINT attempt_outcome_ck CHECK (outcome in ('sent', 'failed', 'refused')),
    CONSTRAINT attempt_message_id_fk FOREIGN KEY(message_id) REFERENCES outbox.message (message_id)
);
COMMENT ON TABLE outbox.attempt IS 'One row per attempt to deliver a message';
COMMENT ON COLUMN outbox.attempt.message_id IS 'The message';
COMMENT ON COLUMN outbox.attempt.number IS 'Which attempt';
COMMENT ON COLUMN outbox.attempt.started_at IS 'When it began';
COMMENT ON COLUMN outbox.attempt.finished_at IS 'When its outcome was known';
COMMENT ON COLUMN outbox.attempt.outcome IS 'sent, failed (tried again) or refused (not tried again)';
COMMENT ON COLUMN outbox.attempt.error IS 'What it met; never a value';

CREATE TABLE outbox.item (
    item_id BIGINT GENERATED ALWAYS AS IDENTITY,
    recipient_id BIGINT NOT NULL,
    opening_id BIGINT,
    alert_id BIGINT,
    reason TEXT NOT NULL,
    message_id BIGINT NOT NULL,
    CONSTRAINT item_pk PRIMARY KEY (item_id),
    CONSTRAINT item_recipient_id_opening_id_alert_id_reason_uq UNIQUE NULLS NOT DISTINCT (recipient_id, opening_id, alert_id, reason),
    CONSTRAINT item_one_thing_ck CHECK (num_nonnulls(opening_id, alert_id) = 1),
    CONSTRAINT item_recipient_id_fk FOREIGN KEY(recipient_id) REFERENCES outbox.recipient (recipient_id),
    CONSTRAINT item_opening_id_fk FOREIGN KEY(opening_id) REFERENCES outbox.opening (opening_id),
    CONSTRAINT item_alert_id_fk FOREIGN KEY(alert_id) REFERENCES outbox.alert (alert_id),
    CONSTRAINT item_message_id_fk FOREIGN KEY(message_id) REFERENCES outbox.message (message_id)
);
CREATE INDEX item_message_id_ix ON outbox.item (message_id);
COMMENT ON TABLE outbox.item IS 'One row per thing told to one recipient';
COMMENT ON COLUMN outbox.item.item_id IS 'Number';
COMMENT ON COLUMN outbox.item.recipient_id IS 'To whom';
COMMENT ON COLUMN outbox.item.opening_id IS 'The flag that opened';
COMMENT ON COLUMN outbox.item.alert_id IS 'Or the alert';
COMMENT ON COLUMN outbox.item.reason IS 'critical, warning, info; overdue/<day>; unsent/<day>; or alert';
COMMENT ON COLUMN outbox.item.message_id IS 'In which message';

ALTER TABLE handoffs.handoff ADD COLUMN audience TEXT[] DEFAULT '{}' NOT NULL;
COMMENT ON COLUMN handoffs.handoff.audience IS 'Who may see it, as audience:scope';

ALTER TABLE landing.push ADD COLUMN taken_up_at TIMESTAMP WITH TIME ZONE, ADD COLUMN carried_at TIMESTAMP WITH TIME ZONE;
CREATE INDEX push_not_carried_ix ON landing.push (landing_batch_id) WHERE carried_at is null;
COMMENT ON COLUMN landing.push.taken_up_at IS 'When a run last began to carry it on to handoffs';
COMMENT ON COLUMN landing.push.carried_at IS 'When what follows from it was published';

CREATE VIEW outbox.dead_letters AS
SELECT m.message_id, m.message_key, r.audience, r.scope, r.channel, m.attempts, m.made_at, m.finished_at AS given_up_at, m.last_error
FROM outbox.message m JOIN outbox.recipient r USING (recipient_id)
WHERE m.state = 'dead';
COMMENT ON VIEW outbox.dead_letters IS 'One row per message that could not be delivered; without its text';
