DROP TABLE postmortem_template_rules;
DROP TABLE postmortem_templates;
DROP TABLE attachments;
ALTER TABLE postmortem_revisions DROP COLUMN frozen_markdown;
DROP TABLE postmortem_writers;
DROP TABLE postmortem_drafts;
