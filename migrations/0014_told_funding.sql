-- SPDX-License-Identifier: Apache-2.0
-- Funding that a venue pays and tells, each payment booked once under the venue's own id.

ALTER TABLE cash_move ADD COLUMN venue_id text NOT NULL DEFAULT '';
ALTER TABLE cash_move ALTER COLUMN venue_id DROP DEFAULT;
ALTER TABLE cash_move ADD COLUMN venue_at timestamptz;
ALTER TABLE cash_move ALTER COLUMN position_id DROP NOT NULL;
ALTER TABLE cash_move DROP CONSTRAINT cash_move_account_position_id_kind_at_key;
-- What we compute has no id: one of a kind, position and instant.
CREATE UNIQUE INDEX cash_move_computed ON cash_move (account, position_id, kind, at)
    WHERE venue_id = '';
CREATE UNIQUE INDEX cash_move_told ON cash_move (account, symbol, venue_id) WHERE venue_id <> '';
COMMENT ON TABLE cash_move IS
    'What befell a position without a fill: funding, computed or told by the venue; dust given up.';
COMMENT ON COLUMN cash_move.venue_id IS
    'The venue''s id of the payment, the same with +1, +2 for further positions that share it; '
    'empty: computed.';
COMMENT ON COLUMN cash_move.venue_at IS 'The venue''s time of the stamp; null: computed.';
COMMENT ON COLUMN cash_move.position_id IS
    'Null: told when the position it was paid for had closed.';
COMMENT ON COLUMN cash_move.mark IS
    'The mark price; the newest close where none was recorded; 0: told by the venue without it.';
COMMENT ON COLUMN cash_move.rate IS
    'A fraction; longs pay a positive one; 0 when the venue told the payment.';
