-- SPDX-License-Identifier: Apache-2.0
-- Attempts that wait for their turn, and orders proven not to be at the venue.

ALTER TABLE orders ADD COLUMN intended_at timestamptz;
ALTER TABLE orders ADD COLUMN send_after timestamptz;
UPDATE orders SET intended_at = created_at;
COMMENT ON COLUMN orders.intended_at IS 'When the first attempt was made: the age of the wish.';
COMMENT ON COLUMN orders.send_after IS 'A later attempt waits until then; null: none.';

DROP INDEX orders_open;
ALTER TABLE orders DROP COLUMN is_final;
ALTER TABLE orders DROP CONSTRAINT orders_status_check;
ALTER TABLE orders ADD CONSTRAINT orders_status_check CHECK (status IN ('new', 'submitted',
    'accepted', 'partially_filled', 'filled', 'canceled', 'rejected', 'expired', 'unknown',
    'absent'));
ALTER TABLE orders ADD COLUMN is_final boolean NOT NULL GENERATED ALWAYS AS
    (status IN ('filled', 'canceled', 'rejected', 'expired', 'absent')) STORED;
CREATE INDEX orders_open ON orders (account, id) WHERE NOT is_final;
