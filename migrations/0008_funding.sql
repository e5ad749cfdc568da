-- SPDX-License-Identifier: Apache-2.0
-- Funding of perpetuals: cash that moves without a fill.

ALTER TABLE log_entry DROP CONSTRAINT log_entry_kind_check;
ALTER TABLE log_entry ADD CONSTRAINT log_entry_kind_check
    CHECK (kind IN ('genesis', 'config', 'cycle', 'signal', 'order', 'trade', 'close', 'equity',
                    'control', 'cash'));

ALTER TABLE account ADD COLUMN last_cash_id bigint NOT NULL DEFAULT 0;
ALTER TABLE account ALTER COLUMN last_cash_id DROP DEFAULT;
ALTER TABLE account ADD COLUMN funding_paid amount NOT NULL DEFAULT 0;
ALTER TABLE account ALTER COLUMN funding_paid DROP DEFAULT;
COMMENT ON COLUMN account.funding_paid IS
    'By positions, closed ones included; negative: they got it. No part of realized_pnl.';

ALTER TABLE position ADD COLUMN funding amount NOT NULL DEFAULT 0;
ALTER TABLE position ALTER COLUMN funding DROP DEFAULT;
COMMENT ON COLUMN position.funding IS
    'What it got, negative: paid. No part of realized_pnl, but of the round trip''s result.';

CREATE TABLE cash_move (
    account text NOT NULL,
    id bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('funding')),
    at timestamptz NOT NULL,
    position_id bigint NOT NULL,
    symbol text NOT NULL,
    strategy text NOT NULL,
    strategy_id text NOT NULL,
    currency text NOT NULL,
    size amount NOT NULL,
    mark amount NOT NULL,
    rate amount NOT NULL,
    amount amount NOT NULL,
    log_idx bigint NOT NULL,
    PRIMARY KEY (account, id),
    UNIQUE (account, log_idx),
    UNIQUE (account, position_id, kind, at),
    FOREIGN KEY (account, position_id) REFERENCES position (account, id),
    FOREIGN KEY (account, log_idx) REFERENCES log_entry (account, idx)
);
COMMENT ON TABLE cash_move IS 'Cash that moved without a fill: funding, once a position and stamp.';
COMMENT ON COLUMN cash_move.size IS 'Of the position then: never negative.';
COMMENT ON COLUMN cash_move.mark IS 'The mark price; the newest close where none was recorded.';
COMMENT ON COLUMN cash_move.rate IS 'A fraction; longs pay a positive one.';
COMMENT ON COLUMN cash_move.amount IS 'What cash changed by, negative: paid. In currency.';
