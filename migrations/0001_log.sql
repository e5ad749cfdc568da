-- SPDX-License-Identifier: Apache-2.0
-- The trade log and the account it belongs to: one sequencer row, entries that nobody may change.

CREATE DOMAIN amount AS numeric(38, 12) CHECK (VALUE <> 'NaN'::numeric);
COMMENT ON DOMAIN amount IS 'Exact price, size, money or ratio: 12 decimals, never NaN.';

CREATE TABLE account (
    id text PRIMARY KEY,
    quote text NOT NULL,
    mode text NOT NULL CHECK (mode IN ('paper', 'live', 'backtest')),
    cash amount NOT NULL,
    last_order_id bigint NOT NULL,
    last_intent_id bigint NOT NULL,
    last_signal_id bigint NOT NULL,
    last_position_id bigint NOT NULL,
    last_fill_id bigint NOT NULL,
    signals_accepted bigint NOT NULL,
    signals_denied bigint NOT NULL,
    signals_unknown bigint NOT NULL,
    orders_rejected bigint NOT NULL,
    cycle_count bigint NOT NULL,
    log_size bigint NOT NULL CHECK (log_size >= 0),
    last_leaf_at timestamptz,
    cursor_at timestamptz,
    phase text NOT NULL CHECK (phase IN ('done', 'decided')),
    feed_shift_us bigint NOT NULL,
    config_digest bytea NOT NULL CHECK (octet_length(config_digest) = 32),
    ever_commanded boolean NOT NULL,
    wanted text NOT NULL CHECK (wanted IN ('stopped', 'running', 'paused')),
    wins bigint NOT NULL,
    losses bigint NOT NULL,
    breakeven bigint NOT NULL,
    win_sum amount NOT NULL,
    loss_sum amount NOT NULL,
    loss_run bigint NOT NULL,
    loss_run_max bigint NOT NULL,
    realized_pnl amount NOT NULL,
    fees_paid amount NOT NULL,
    turnover amount NOT NULL,
    starting_equity amount NOT NULL,
    equity amount NOT NULL,
    equity_peak amount NOT NULL,
    max_drawdown_abs amount NOT NULL,
    max_drawdown amount NOT NULL,
    peak_at timestamptz,
    trough_at timestamptz,
    first_sample_at timestamptz,
    last_sample_at timestamptz,
    newest_day bigint NOT NULL,
    candles bigint NOT NULL,
    candles_exposed bigint NOT NULL
) WITH (fillfactor = 20); -- written with every commit: room for updates in the same page
COMMENT ON TABLE account IS
    'One row an account, written with every commit: the moment a restart resumes from.';
COMMENT ON COLUMN account.id IS 'Venue, mode and label, e.g. sim-paper-main.';
COMMENT ON COLUMN account.cash IS 'In the quote currency, after fees, before open positions.';
COMMENT ON COLUMN account.log_size IS 'Entries of the trade log, this commit included.';
COMMENT ON COLUMN account.cursor_at IS 'Feed time that was worked through; null before the first.';
COMMENT ON COLUMN account.phase IS
    'done: all of cursor_at is done; decided: its closes are durable, its opens are not yet.';
COMMENT ON COLUMN account.feed_shift_us IS 'Microseconds added to every recorded candle''s time.';
COMMENT ON COLUMN account.config_digest IS 'Of what the newest config leaf declares.';
COMMENT ON COLUMN account.ever_commanded IS 'The operator once said start, pause, resume or stop.';
COMMENT ON COLUMN account.wanted IS 'What the operator last wanted; survives a crash.';
COMMENT ON COLUMN account.loss_sum IS 'Sum of losing round trips: zero or negative.';
COMMENT ON COLUMN account.max_drawdown IS 'Positive fraction of the peak.';
COMMENT ON COLUMN account.newest_day IS 'Days since 1970 of the newest equity sample.';
COMMENT ON COLUMN account.candles IS 'Equity samples taken.';
COMMENT ON COLUMN account.candles_exposed IS 'Equity samples with a position open.';

CREATE TABLE log_state (
    account text PRIMARY KEY,
    size bigint NOT NULL CHECK (size >= 0),
    epoch bigint NOT NULL CHECK (epoch > 0),
    last_at timestamptz
) WITH (fillfactor = 50);
COMMENT ON TABLE log_state IS
    'The sequencer: indexes of log entries come from this locked row, never from a sequence.';
COMMENT ON COLUMN log_state.epoch IS
    'Raised by every daemon that takes the account over; a commit of an older epoch is refused.';
COMMENT ON COLUMN log_state.last_at IS 'Time stamp of the newest entry.';

CREATE TABLE log_entry (
    account text NOT NULL REFERENCES log_state (account),
    idx bigint NOT NULL CHECK (idx >= 0),
    kind text NOT NULL CHECK (kind IN ('genesis', 'config', 'cycle', 'signal', 'order', 'trade',
                                       'close', 'equity', 'control')),
    at timestamptz NOT NULL,
    entry bytea NOT NULL,
    proof bytea NOT NULL CHECK (octet_length(proof) = 32),
    leaf_hash bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
    PRIMARY KEY (account, idx)
);
CREATE INDEX log_entry_trade ON log_entry (account, idx) WHERE kind = 'trade';
COMMENT ON TABLE log_entry IS 'The trade log: appended to, never changed, never deleted from.';
COMMENT ON COLUMN log_entry.idx IS 'Place in the log: 0, 1, 2, ... without a gap.';
COMMENT ON COLUMN log_entry.entry IS 'The exact canonical bytes that were hashed.';
COMMENT ON COLUMN log_entry.proof IS 'SHA-256 of entry.';
COMMENT ON COLUMN log_entry.leaf_hash IS 'SHA-256 of a zero byte and entry (RFC 6962).';

CREATE FUNCTION log_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the trade log is append-only: % of log_entry is refused', TG_OP
        USING ERRCODE = 'TD003';
END
$$;
COMMENT ON FUNCTION log_entry_refuse() IS 'Raises TD003: log entries are never changed.';
CREATE TRIGGER log_entry_no_change BEFORE UPDATE OR DELETE ON log_entry
    FOR EACH ROW EXECUTE FUNCTION log_entry_refuse();
CREATE TRIGGER log_entry_no_truncate BEFORE TRUNCATE ON log_entry
    FOR EACH STATEMENT EXECUTE FUNCTION log_entry_refuse();

-- Moves the log of an account from one size to the next within the caller's transaction, so that a
-- commit is one round trip: what does not fit raises and the rest of the pipeline is skipped.
CREATE FUNCTION log_advance(p_account text, p_epoch bigint, p_from bigint, p_to bigint,
                            p_at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    state log_state%ROWTYPE;
BEGIN
    SELECT * INTO state FROM log_state WHERE account = p_account FOR UPDATE;
    IF NOT FOUND THEN
        IF p_from <> 0 THEN
            RAISE EXCEPTION 'the log of % does not exist, yet % entries are expected',
                p_account, p_from USING ERRCODE = 'TD002';
        END IF;
        INSERT INTO log_state (account, size, epoch, last_at)
            VALUES (p_account, p_to, p_epoch, p_at);
        RETURN;
    END IF;
    IF state.epoch <> p_epoch THEN
        RAISE EXCEPTION 'the log of % is at epoch %, this daemon at %',
            p_account, state.epoch, p_epoch USING ERRCODE = 'TD001';
    END IF;
    IF state.size <> p_from THEN
        RAISE EXCEPTION 'the log of % has % entries, % are expected',
            p_account, state.size, p_from USING ERRCODE = 'TD002';
    END IF;
    IF p_to <> p_from THEN
        UPDATE log_state SET size = p_to, last_at = p_at WHERE account = p_account;
    END IF;
END
$$;
COMMENT ON FUNCTION log_advance(text, bigint, bigint, bigint, timestamptz) IS
    'Locks the sequencer and moves it; TD001: another epoch, TD002: another size.';
