-- Centres, their keys, and what was pushed.
CREATE TABLE registry.centre (
    centre_code TEXT NOT NULL,
    disabled_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT centre_pk PRIMARY KEY (centre_code)
);
COMMENT ON TABLE registry.centre IS 'One row per detention centre that may push';
COMMENT ON COLUMN registry.centre.centre_code IS 'The centre''s organisation code';
COMMENT ON COLUMN registry.centre.disabled_at IS 'Since when nothing of it is taken in; empty = it may push';

CREATE TABLE registry.centre_key (
    app_key TEXT NOT NULL,
    centre_code TEXT NOT NULL,
    public_key BYTEA NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    disabled_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT centre_key_pk PRIMARY KEY (app_key),
    CONSTRAINT centre_key_ed25519_ck CHECK (octet_length(public_key) = 32),
    CONSTRAINT centre_key_period_ck CHECK (valid_to is null or valid_to >= valid_from),
    CONSTRAINT centre_key_centre_code_fk FOREIGN KEY(centre_code) REFERENCES registry.centre (centre_code),
    CONSTRAINT centre_key_public_key_uq UNIQUE (public_key)
);
COMMENT ON TABLE registry.centre_key IS 'One row per public key of a centre';
COMMENT ON COLUMN registry.centre_key.app_key IS 'Name of the key: keyid of the signature';
COMMENT ON COLUMN registry.centre_key.centre_code IS 'The only centre it may push for';
COMMENT ON COLUMN registry.centre_key.public_key IS 'Ed25519 public key, 32 bytes';
COMMENT ON COLUMN registry.centre_key.valid_from IS 'First day it counts';
COMMENT ON COLUMN registry.centre_key.valid_to IS 'Last day it counts; empty = open';
COMMENT ON COLUMN registry.centre_key.disabled_at IS 'Since when this key is not trusted; empty = trusted';

CREATE TABLE registry.centre_event (
    event_id BIGINT GENERATED ALWAYS AS IDENTITY,
    centre_code TEXT NOT NULL,
    app_key TEXT,
    event TEXT NOT NULL,
    reason TEXT,
    done_by TEXT NOT NULL,
    done_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT centre_event_pk PRIMARY KEY (event_id),
    CONSTRAINT centre_event_event_ck CHECK (event in ('registered', 'validity changed', 'disabled', 'enabled')),
    CONSTRAINT centre_event_centre_code_fk FOREIGN KEY(centre_code) REFERENCES registry.centre (centre_code),
    CONSTRAINT centre_event_app_key_fk FOREIGN KEY(app_key) REFERENCES registry.centre_key (app_key)
);
CREATE INDEX centre_event_centre_code_ix ON registry.centre_event (centre_code);
COMMENT ON TABLE registry.centre_event IS 'One row per change to a centre or one of its keys; never changed';
COMMENT ON COLUMN registry.centre_event.event_id IS 'Number in order of happening';
COMMENT ON COLUMN registry.centre_event.centre_code IS 'The centre';
COMMENT ON COLUMN registry.centre_event.app_key IS 'The key; empty = the centre as a whole';
COMMENT ON COLUMN registry.centre_event.event IS 'registered, validity changed, disabled or enabled';
COMMENT ON COLUMN registry.centre_event.reason IS 'Why, in words';
COMMENT ON COLUMN registry.centre_event.done_by IS 'Who did it';
COMMENT ON COLUMN registry.centre_event.done_at IS 'When';

CREATE TABLE landing.push (
    sender_code TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    landing_batch_id BIGINT,
    content_address TEXT NOT NULL,
    app_key TEXT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    status INTEGER,
    answer TEXT,
    CONSTRAINT push_pk PRIMARY KEY (sender_code, batch_id),
    CONSTRAINT push_answer_is_whole_ck CHECK ((status is null) = (answer is null)),
    CONSTRAINT push_landing_batch_id_fk FOREIGN KEY(landing_batch_id) REFERENCES landing.batch (batch_id),
    CONSTRAINT push_app_key_fk FOREIGN KEY(app_key) REFERENCES registry.centre_key (app_key)
);
CREATE INDEX push_landing_batch_id_ix ON landing.push (landing_batch_id);
COMMENT ON TABLE landing.push IS 'One row per pushed batch';
COMMENT ON COLUMN landing.push.sender_code IS 'The centre that pushed';
COMMENT ON COLUMN landing.push.batch_id IS 'The sender''s own batch_id (or the name of an uploaded file)';
COMMENT ON COLUMN landing.push.landing_batch_id IS 'The delivery as landed; never empty once committed';
COMMENT ON COLUMN landing.push.content_address IS 'Keyed address of the bytes: the same batch_id with another one is refused';
COMMENT ON COLUMN landing.push.app_key IS 'The key that signed it';
COMMENT ON COLUMN landing.push.received_at IS 'When it was durably stored';
COMMENT ON COLUMN landing.push.status IS 'HTTP status of the answer; empty while undecided';
COMMENT ON COLUMN landing.push.answer IS 'The answer as first given, JSON without any received personal value';

CREATE TABLE landing.nonce (
    app_key TEXT NOT NULL,
    nonce TEXT NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT nonce_pk PRIMARY KEY (app_key, nonce),
    CONSTRAINT nonce_app_key_fk FOREIGN KEY(app_key) REFERENCES registry.centre_key (app_key)
);
COMMENT ON TABLE landing.nonce IS 'One row per nonce a key has used';
COMMENT ON COLUMN landing.nonce.app_key IS 'The key';
COMMENT ON COLUMN landing.nonce.nonce IS 'The nonce of a signature that was right';
COMMENT ON COLUMN landing.nonce.seen_at IS 'When';
