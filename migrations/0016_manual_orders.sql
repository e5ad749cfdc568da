-- SPDX-License-Identifier: Apache-2.0
-- Orders by hand: the user's own id, the time an order is good until, and what replaced what.

ALTER TABLE orders ADD COLUMN label text NOT NULL DEFAULT '';
ALTER TABLE orders ALTER COLUMN label DROP DEFAULT;
ALTER TABLE orders ADD COLUMN expires_at timestamptz;
ALTER TABLE orders ADD COLUMN replaces_id bigint;
ALTER TABLE orders ADD COLUMN replaced_by bigint;
ALTER TABLE orders ADD COLUMN replaces_filled amount NOT NULL DEFAULT 0;
ALTER TABLE orders ALTER COLUMN replaces_filled DROP DEFAULT;
CREATE INDEX orders_label ON orders (account, label) WHERE label <> '';
COMMENT ON COLUMN orders.label IS
    'The user''s own client_order_id; attempts and replacements share it; empty: none.';
COMMENT ON COLUMN orders.expires_at IS 'What is left of it is canceled then; null: never.';
COMMENT ON COLUMN orders.replaces_id IS 'The order it takes the place of; null: none.';
COMMENT ON COLUMN orders.replaced_by IS 'The newest order that takes its place; null: none.';
COMMENT ON COLUMN orders.replaces_filled IS
    'What that order had filled when this one''s size was made.';
