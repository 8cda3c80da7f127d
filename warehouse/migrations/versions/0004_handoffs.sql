-- What handoffs need beside their states and flags: the history of flags, when episodes wake, how far the last run looked, alerts.
ALTER TABLE handoffs.handoff ADD COLUMN notice_date DATE;
COMMENT ON COLUMN handoffs.handoff.notice_date IS 'Date of the valid notice';
COMMENT ON COLUMN handoffs.handoff.as_of_date IS 'Day for which it was found as it stands; unchanged since';
COMMENT ON COLUMN handoffs.handoff.worked_out_by_run IS 'Run that found it so';
ALTER TABLE handoffs.flag ADD COLUMN opened_at TIMESTAMP WITH TIME ZONE;
UPDATE handoffs.flag SET opened_at = first_open_at;
ALTER TABLE handoffs.flag ALTER COLUMN opened_at SET NOT NULL;
COMMENT ON COLUMN handoffs.flag.opened_at IS 'When it was last found open after it was not, or for another date';

CREATE TABLE handoffs.flag_event (
    event_id BIGINT GENERATED ALWAYS AS IDENTITY,
    handoff_id TEXT NOT NULL,
    flag_code TEXT NOT NULL,
    kind TEXT NOT NULL,
    severity TEXT NOT NULL,
    due_date DATE,
    as_of_date DATE NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    run_id BIGINT NOT NULL,
    CONSTRAINT flag_event_pk PRIMARY KEY (event_id),
    CONSTRAINT flag_event_kind_ck CHECK (kind in ('opened', 'changed', 'resolved', 'void')),
    CONSTRAINT flag_event_run_id_fk FOREIGN KEY(run_id) REFERENCES ops.run (run_id)
);
CREATE INDEX flag_event_flag_ix ON handoffs.flag_event (handoff_id, flag_code);
COMMENT ON TABLE handoffs.flag_event IS 'One row per thing that happened to a flag; never changed';
COMMENT ON COLUMN handoffs.flag_event.event_id IS 'Number in order of happening';
COMMENT ON COLUMN handoffs.flag_event.handoff_id IS 'The handoff';
COMMENT ON COLUMN handoffs.flag_event.flag_code IS 'The flag';
COMMENT ON COLUMN handoffs.flag_event.kind IS 'opened, changed (severity or day), resolved or void; void and opened in one run: its date was replaced';
COMMENT ON COLUMN handoffs.flag_event.severity IS 'Severity it had then';
COMMENT ON COLUMN handoffs.flag_event.due_date IS 'The day it turned on then';
COMMENT ON COLUMN handoffs.flag_event.as_of_date IS 'Day the run looked at';
COMMENT ON COLUMN handoffs.flag_event.at IS 'When';
COMMENT ON COLUMN handoffs.flag_event.run_id IS 'Run';

CREATE TABLE handoffs.episode (
    number TEXT NOT NULL,
    handoff_id TEXT NOT NULL,
    wakes_on DATE,
    CONSTRAINT episode_pk PRIMARY KEY (number)
);
CREATE INDEX episode_handoff_id_ix ON handoffs.episode (handoff_id);
CREATE INDEX episode_wakes_on_ix ON handoffs.episode (wakes_on);
COMMENT ON TABLE handoffs.episode IS 'One row per isolation episode that any current row speaks of, near its end or not';
COMMENT ON COLUMN handoffs.episode.number IS 'Decision number as compared';
COMMENT ON COLUMN handoffs.episode.handoff_id IS 'Its handoff, whether there is one yet or not';
COMMENT ON COLUMN handoffs.episode.wakes_on IS 'First later day on which time alone may change state or flags; empty = never';

CREATE TABLE handoffs.left_row (
    source_key TEXT NOT NULL,
    missing_since DATE NOT NULL,
    CONSTRAINT left_row_pk PRIMARY KEY (source_key)
);
COMMENT ON TABLE handoffs.left_row IS 'One row per roster row that had left its centre''s snapshot at the last working-out';
COMMENT ON COLUMN handoffs.left_row.source_key IS 'Key of the roster row';
COMMENT ON COLUMN handoffs.left_row.missing_since IS 'First snapshot without it';

CREATE TABLE handoffs.mark (
    name TEXT NOT NULL,
    seen TEXT NOT NULL,
    run_id BIGINT NOT NULL,
    CONSTRAINT mark_pk PRIMARY KEY (name),
    CONSTRAINT mark_run_id_fk FOREIGN KEY(run_id) REFERENCES ops.run (run_id)
);
COMMENT ON TABLE handoffs.mark IS 'One row per thing handoffs depend on: what the last working-out knew of it';
COMMENT ON COLUMN handoffs.mark.name IS 'The thing: a feed, snapshots, links, parameters, calendar, directory, rules, day';
COMMENT ON COLUMN handoffs.mark.seen IS 'Greatest number or fingerprint';
COMMENT ON COLUMN handoffs.mark.run_id IS 'Run that last saw another';

CREATE TABLE ops.alert (
    code TEXT NOT NULL,
    step TEXT NOT NULL,
    next_step TEXT NOT NULL,
    first_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    cleared_at TIMESTAMP WITH TIME ZONE,
    run_id BIGINT NOT NULL,
    CONSTRAINT alert_pk PRIMARY KEY (code, step),
    CONSTRAINT alert_run_id_fk FOREIGN KEY(run_id) REFERENCES ops.run (run_id)
);
COMMENT ON TABLE ops.alert IS 'One row per thing an operator has to supply: a calendar year, a parameter';
COMMENT ON COLUMN ops.alert.code IS 'CALENDAR_MISSING:<year> or PARAM_MISSING:<name>:<region>';
COMMENT ON COLUMN ops.alert.step IS 'The step that missed it';
COMMENT ON COLUMN ops.alert.next_step IS 'What to do';
COMMENT ON COLUMN ops.alert.first_seen_at IS 'When it was first missed';
COMMENT ON COLUMN ops.alert.last_seen_at IS 'When it was last missed';
COMMENT ON COLUMN ops.alert.cleared_at IS 'When it was missed no more; empty = still missed';
COMMENT ON COLUMN ops.alert.run_id IS 'Run that last missed it';
