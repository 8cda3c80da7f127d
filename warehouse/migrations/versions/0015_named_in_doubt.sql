-- A member whose person is in doubt is named by the person the row stands for alone, as published.source_links names it.
COMMENT ON COLUMN benefits.finding.finding_key IS 'Benefit, household and person, or the member''s row where no person is known';
COMMENT ON COLUMN benefits.finding.person_id IS 'The person; of a household its head; of a row in doubt the person it stands for alone; empty where none is known';
COMMENT ON COLUMN published.findings.finding_key IS 'Benefit, household and person, or the member''s row where no person is known';
COMMENT ON COLUMN published.findings.person_id IS 'The person; of a household its head; of a row in doubt the person it stands for alone; empty where none is known';
