-- SPDX-License-Identifier: Apache-2.0
-- Fees taken from what a fill receives, and what they leave that no order can sell.

ALTER TABLE position ADD COLUMN fee_size amount NOT NULL DEFAULT 0;
ALTER TABLE position ALTER COLUMN fee_size DROP DEFAULT;
ALTER TABLE position ADD COLUMN dust amount NOT NULL DEFAULT 0;
ALTER TABLE position ALTER COLUMN dust DROP DEFAULT;
COMMENT ON COLUMN position.fee_size IS
    'Fees in the base asset: taken from what is held. size = entry - exit - fee_size - dust.';
COMMENT ON COLUMN position.dust IS
    'Less than a lot or the minimum notional: given up when the position closed.';
COMMENT ON COLUMN position.entry_fee IS
    'In quote; what was paid in base at the fill''s price. Fees in third assets are no part.';
COMMENT ON COLUMN position.exit_fee IS 'In quote, as entry_fee.';
COMMENT ON COLUMN orders.fee IS
    'Of its fills, in quote; what was paid in base at the fill''s price, none of third assets.';

ALTER TABLE cash_move DROP CONSTRAINT cash_move_kind_check;
ALTER TABLE cash_move ADD CONSTRAINT cash_move_kind_check CHECK (kind IN ('funding', 'dust'));
ALTER TABLE cash_move ADD COLUMN pnl amount NOT NULL DEFAULT 0;
ALTER TABLE cash_move ALTER COLUMN pnl DROP DEFAULT;
COMMENT ON TABLE cash_move IS
    'What befell a position without a fill: funding, once a position and stamp; dust given up.';
COMMENT ON COLUMN cash_move.amount IS
    'What cash changed by, negative: paid. In currency. Dust moves none.';
COMMENT ON COLUMN cash_move.pnl IS 'Dust: what it cost, a part of the position''s realized_pnl.';
