-- For what is forgotten, since all that ended is looked for with each that is recorded.
CREATE INDEX revocation_by_end ON revocation (until);
