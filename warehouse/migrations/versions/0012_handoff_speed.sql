-- What a night needs to look at touched handoffs and cases only.
CREATE TABLE handoffs.gone_handoff (
    handoff_id TEXT NOT NULL,
    decision_number TEXT NOT NULL,
    run_id BIGINT NOT NULL,
    CONSTRAINT gone_handoff_pk PRIMARY KEY (handoff_id),
    CONSTRAINT gone_handoff_run_id_fk FOREIGN KEY(run_id) REFERENCES ops.run (run_id)
);
COMMENT ON TABLE handoffs.gone_handoff IS 'One row per handoff that was no more at some run; it may have come back since';
COMMENT ON COLUMN handoffs.gone_handoff.handoff_id IS 'The handoff';
COMMENT ON COLUMN handoffs.gone_handoff.decision_number IS 'Decision number as received';
COMMENT ON COLUMN handoffs.gone_handoff.run_id IS 'Run that last found it gone';

CREATE TABLE handoffs.aftercare_case (
    case_number TEXT NOT NULL,
    wakes_on DATE NOT NULL,
    CONSTRAINT aftercare_case_pk PRIMARY KEY (case_number)
);
CREATE INDEX aftercare_case_wakes_on_ix ON handoffs.aftercare_case (wakes_on);
COMMENT ON TABLE handoffs.aftercare_case IS 'One row per aftercare case of which time alone may change a flag, a balance or a count';
COMMENT ON COLUMN handoffs.aftercare_case.case_number IS 'The case';
COMMENT ON COLUMN handoffs.aftercare_case.wakes_on IS 'First later day on which the same rows may say something else';

-- Marks of a working-out that knew no waking days: the next one looks at every case.
DELETE FROM handoffs.aftercare_mark;
COMMENT ON TABLE handoffs.aftercare_mark IS 'One row per thing aftercare depends on: how far it has been worked out, for which day';
COMMENT ON COLUMN handoffs.aftercare_mark.feed IS 'The feed, or rules';
COMMENT ON COLUMN handoffs.aftercare_mark.version_id IS 'Greatest version worked out; of the rules their version';
