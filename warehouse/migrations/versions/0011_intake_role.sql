-- The intake's role had rights of a first sketch; what it needs now is granted by grants.sql, and this is not among it.
REVOKE ALL ON ops.run FROM guitu_intake;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA landing, staging, sealed, quarantine, identity, handoffs, benefits, ops FROM guitu_intake;
