-- When what a row of history tells began to hold and when it ceased: whose each row was at an instant follows from that alone.
ALTER TABLE identity.link_history ADD COLUMN decided_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE identity.link_history ADD COLUMN changed_at TIMESTAMP WITH TIME ZONE;
UPDATE identity.link_history h SET changed_at = coalesce(
    (SELECT l.decided_at FROM identity.link l
     WHERE (l.feed, l.source_key, l.decided_by_run) = (h.feed, h.source_key, h.changed_by_run)),
    r.finished_at, r.started_at)
FROM ops.run r WHERE r.run_id = h.changed_by_run;
UPDATE identity.link_history h SET decided_at = e.changed_at
FROM (
    SELECT feed, source_key, changed_by_run,
           lag(changed_at) OVER (PARTITION BY feed, source_key ORDER BY changed_by_run) AS changed_at
    FROM identity.link_history
) e WHERE (e.feed, e.source_key, e.changed_by_run) = (h.feed, h.source_key, h.changed_by_run);
ALTER TABLE identity.link_history ALTER COLUMN changed_at SET NOT NULL;
COMMENT ON COLUMN identity.link_history.decided_at IS 'When what was before had been decided; empty = not known, before anything else told of the row';
COMMENT ON COLUMN identity.link_history.changed_at IS 'When it ceased to hold';
CREATE INDEX link_history_person_id_ix ON identity.link_history (person_id);
