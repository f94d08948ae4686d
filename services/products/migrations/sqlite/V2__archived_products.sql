-- For the list of what is archived, which the other indexes leave out.
CREATE INDEX products_archived_by_age ON products (created_at, id) WHERE archived_at IS NOT NULL;
