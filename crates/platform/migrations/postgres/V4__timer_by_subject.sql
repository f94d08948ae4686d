-- Timers are cleared for several subjects at a time, and for that the index has to begin with the subject: of one that
-- begins with the kind PostgreSQL may read the whole of the kind, with all timers that were cleared and are still to be
-- vacuumed, while it believes that there are few. It is a table of what is under way, and so built anew in a moment.
ALTER TABLE timer DROP CONSTRAINT timer_pkey, ADD PRIMARY KEY (subject, kind);
