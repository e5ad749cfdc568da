-- SPDX-License-Identifier: Apache-2.0
-- What an order at a real venue needs to be asked about after any failure.

ALTER TABLE orders ADD COLUMN venue_order_id text NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN request_expires_at timestamptz;
ALTER TABLE orders ADD COLUMN error text NOT NULL DEFAULT '';
ALTER TABLE orders ALTER COLUMN venue_order_id DROP DEFAULT;
ALTER TABLE orders ALTER COLUMN error DROP DEFAULT;
COMMENT ON COLUMN orders.venue_order_id IS 'Empty until the venue has told one.';
COMMENT ON COLUMN orders.request_expires_at IS
    'The venue refuses the request when it arrives later: what makes its absence provable.';
COMMENT ON COLUMN orders.error IS 'Class of the newest refusal; empty: none.';

-- Venues number trades by symbol.
ALTER TABLE fill DROP CONSTRAINT fill_account_venue_fill_id_key;
ALTER TABLE fill ADD UNIQUE (account, symbol, venue_fill_id);
