-- What a centre and we say of a day, and the alerts in one table.
CREATE TABLE landing.manifest (
    sender_code TEXT NOT NULL,
    day DATE NOT NULL,
    batch_count INTEGER NOT NULL,
    content TEXT NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT manifest_pk PRIMARY KEY (sender_code, day),
    CONSTRAINT manifest_sender_code_fk FOREIGN KEY(sender_code) REFERENCES registry.centre (centre_code)
);
COMMENT ON TABLE landing.manifest IS 'One row per centre and day: what we say came from it, signed; never changed';
COMMENT ON COLUMN landing.manifest.sender_code IS 'The centre';
COMMENT ON COLUMN landing.manifest.day IS 'The Shanghai day on which the deliveries were received';
COMMENT ON COLUMN landing.manifest.batch_count IS 'Deliveries it lists';
COMMENT ON COLUMN landing.manifest.content IS 'Compact JWS under our key: ids, digests and row counts, nothing of their content';
COMMENT ON COLUMN landing.manifest.made_at IS 'When it was made, after the day was over';

CREATE TABLE landing.declaration (
    declaration_id BIGINT GENERATED ALWAYS AS IDENTITY,
    sender_code TEXT NOT NULL,
    day DATE NOT NULL,
    app_key TEXT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    body_sha256 TEXT NOT NULL,
    batches JSONB NOT NULL,
    CONSTRAINT declaration_pk PRIMARY KEY (declaration_id),
    CONSTRAINT declaration_sender_code_fk FOREIGN KEY(sender_code) REFERENCES registry.centre (centre_code),
    CONSTRAINT declaration_app_key_fk FOREIGN KEY(app_key) REFERENCES registry.centre_key (app_key)
);
CREATE INDEX declaration_sender_code_day_ix ON landing.declaration (sender_code, day);
COMMENT ON TABLE landing.declaration IS 'One row per statement of a centre about a day of its own; of one key and day the last counts; never changed';
COMMENT ON COLUMN landing.declaration.declaration_id IS 'Number in order of arrival';
COMMENT ON COLUMN landing.declaration.sender_code IS 'The centre';
COMMENT ON COLUMN landing.declaration.day IS 'The Shanghai day it is about';
COMMENT ON COLUMN landing.declaration.app_key IS 'The key that signed it';
COMMENT ON COLUMN landing.declaration.received_at IS 'When it came';
COMMENT ON COLUMN landing.declaration.body_sha256 IS 'SHA-256 of the statement as received, hexadecimal';
COMMENT ON COLUMN landing.declaration.batches IS 'Object: batch_id to the SHA-256 of its bytes, of every batch the centre means to have sent';

-- Two tables of alerts become one: what operators have to supply joins what should have come.
INSERT INTO outbox.alert (kind, organization_code, subject, opened_at, closed_at)
SELECT split_part(code, ':', 1), split_part(code, ':', 3), split_part(code, ':', 2), min(first_seen_at),
       CASE WHEN bool_or(cleared_at IS NULL) THEN NULL ELSE max(cleared_at) END
FROM ops.alert GROUP BY code;
DROP TABLE ops.alert;
ALTER TABLE outbox.alert SET SCHEMA ops;
ALTER TABLE ops.alert ADD COLUMN acknowledged_at TIMESTAMP WITH TIME ZONE, ADD COLUMN acknowledged_by TEXT, ADD COLUMN acknowledgement TEXT,
    ADD CONSTRAINT alert_acknowledged_by_somebody_ck CHECK ((acknowledged_at is null) = (acknowledged_by is null));
COMMENT ON TABLE ops.alert IS 'One row per thing that is not as it should be and an operator sees to; closed when it is over';
COMMENT ON COLUMN ops.alert.kind IS 'What: one of the kinds of warehouse/alerts.py';
COMMENT ON COLUMN ops.alert.organization_code IS 'The sender; else the organisation, county or region it is about; or empty';
COMMENT ON COLUMN ops.alert.subject IS 'What is missing: a batch_id, a month, a day, an audience, a parameter, a year; or empty';
COMMENT ON COLUMN ops.alert.closed_at IS 'When it was over';
COMMENT ON COLUMN ops.alert.acknowledged_at IS 'When somebody took it in hand; it is told no more';
COMMENT ON COLUMN ops.alert.acknowledged_by IS 'Who';
COMMENT ON COLUMN ops.alert.acknowledgement IS 'What is being done, in words';
