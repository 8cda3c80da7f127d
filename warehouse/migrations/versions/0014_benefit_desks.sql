-- Findings tell who asks for the very thing they are about; the next run fills it in.
ALTER TABLE benefits.finding ADD COLUMN has_own_application BOOLEAN DEFAULT false NOT NULL;
ALTER TABLE benefits.finding ALTER COLUMN has_own_application DROP DEFAULT;
COMMENT ON COLUMN benefits.finding.has_own_application IS 'The person asks for this very thing, or is registered for it, on the day';
ALTER TABLE published.findings ADD COLUMN has_own_application BOOLEAN DEFAULT false NOT NULL;
ALTER TABLE published.findings ALTER COLUMN has_own_application DROP DEFAULT;
COMMENT ON COLUMN published.findings.has_own_application IS 'The person asks for this very thing, or is registered for it, on the day';
-- One role stood for all benefit desks; each has its own now (grants.sql), and the common one reads nothing any more.
DROP POLICY IF EXISTS benefit_desks ON published.findings;
DROP POLICY IF EXISTS benefit_desks ON published.household_flags;
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'guitu_benefit_reader') THEN
        REVOKE ALL ON ALL TABLES IN SCHEMA published FROM guitu_benefit_reader;
        REVOKE ALL ON SCHEMA published FROM guitu_benefit_reader;
    END IF;
END $$;
