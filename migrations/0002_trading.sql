-- SPDX-License-Identifier: Apache-2.0
-- What the engine trades: strategies, signals, orders, fills, positions and the equity curve.

CREATE TABLE strategy (
    id text PRIMARY KEY,
    name text NOT NULL,
    document text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE strategy IS 'Every strategy document that a log entry ever named.';
COMMENT ON COLUMN strategy.id IS 'Hex SHA-256 of the canonical document.';
COMMENT ON COLUMN strategy.document IS 'Canonical JSON.';

CREATE TABLE account_config (
    account text PRIMARY KEY,
    strategy_id text NOT NULL REFERENCES strategy (id),
    feed_id text NOT NULL
);
COMMENT ON TABLE account_config IS 'Strategy and feed of the newest config entry of the log.';
COMMENT ON COLUMN account_config.feed_id IS 'Digest of the recorded candles, or the venue''s name.';

CREATE TABLE signal (
    account text NOT NULL,
    id bigint NOT NULL,
    at timestamptz NOT NULL,
    candle_at timestamptz,
    symbol text NOT NULL,
    strategy text NOT NULL,
    strategy_id text NOT NULL,
    action text NOT NULL CHECK (action IN ('entry', 'exit')),
    side text NOT NULL CHECK (side IN ('buy', 'sell')),
    decision text NOT NULL CHECK (decision IN ('accepted', 'denied')),
    denials bigint NOT NULL,
    confidence amount NOT NULL,
    price amount NOT NULL,
    size amount NOT NULL,
    size_asked amount NOT NULL,
    trigger text NOT NULL,
    leaf_hash bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
    log_idx bigint NOT NULL,
    PRIMARY KEY (account, id),
    UNIQUE (account, log_idx),
    FOREIGN KEY (account, log_idx) REFERENCES log_entry (account, idx)
);
CREATE INDEX signal_symbol ON signal (account, symbol, id);
CREATE INDEX signal_at ON signal (account, at);
COMMENT ON TABLE signal IS 'What strategies wished, and what the risk check made of it.';
COMMENT ON COLUMN signal.candle_at IS 'Open time of the candle that was decided on.';
COMMENT ON COLUMN signal.denials IS 'One bit a reason of our own risk check; 0 when accepted.';
COMMENT ON COLUMN signal.size IS 'What the risk check approved; 0 when denied.';
COMMENT ON COLUMN signal.size_asked IS 'What the strategy''s sizing asked for.';

CREATE TABLE orders (
    account text NOT NULL,
    id bigint NOT NULL,
    intent_id bigint NOT NULL,
    attempt bigint NOT NULL,
    signal_id bigint,
    position_id bigint,
    client_order_id text NOT NULL,
    leaf_hash bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
    symbol text NOT NULL,
    strategy text NOT NULL,
    strategy_id text NOT NULL,
    side text NOT NULL CHECK (side IN ('buy', 'sell')),
    type text NOT NULL CHECK (type IN ('market', 'stop_market', 'limit')),
    purpose text NOT NULL CHECK (purpose IN ('entry', 'exit', 'stop_loss', 'take_profit')),
    status text NOT NULL CHECK (status IN ('new', 'submitted', 'accepted', 'partially_filled',
        'filled', 'canceled', 'rejected', 'expired', 'unknown')),
    exit_reason text NOT NULL,
    reduce_only boolean NOT NULL,
    oco_group bigint NOT NULL,
    size amount NOT NULL,
    filled amount NOT NULL,
    filled_notional amount NOT NULL,
    fee amount NOT NULL,
    limit_price amount NOT NULL,
    stop_price amount NOT NULL,
    decision_price amount NOT NULL,
    slippage_tolerance amount NOT NULL,
    created_at timestamptz,
    submitted_at timestamptz,
    filled_at timestamptz,
    ended_at timestamptz,
    updated_at timestamptz,
    reason text NOT NULL,
    is_final boolean NOT NULL GENERATED ALWAYS AS
        (status IN ('filled', 'canceled', 'rejected', 'expired')) STORED,
    PRIMARY KEY (account, id),
    UNIQUE (account, client_order_id)
) WITH (fillfactor = 70);
CREATE INDEX orders_open ON orders (account, id) WHERE NOT is_final;
CREATE INDEX orders_symbol ON orders (account, symbol, id);
CREATE INDEX orders_position ON orders (account, position_id, id);
CREATE INDEX orders_created ON orders (account, created_at);
COMMENT ON TABLE orders IS
    'One row an attempt at a venue; durable as "new" before the venue hears of it.';
COMMENT ON COLUMN orders.intent_id IS 'Attempts at one wish share it.';
COMMENT ON COLUMN orders.attempt IS '1, 2, 3 within the intent.';
COMMENT ON COLUMN orders.signal_id IS 'Null: not from a signal.';
COMMENT ON COLUMN orders.position_id IS 'Null until an entry''s first fill.';
COMMENT ON COLUMN orders.client_order_id IS 'Hex of the first 16 bytes of leaf_hash.';
COMMENT ON COLUMN orders.exit_reason IS 'What the position''s exit will be called; empty: entry.';
COMMENT ON COLUMN orders.oco_group IS '> 0: the first of the group to execute cancels the others.';
COMMENT ON COLUMN orders.decision_price IS 'What slippage is measured against.';
COMMENT ON COLUMN orders.slippage_tolerance IS 'Fraction of the decision price; 0: off.';
COMMENT ON COLUMN orders.reason IS 'Why rejected, canceled or expired; else empty.';

CREATE TABLE position (
    account text NOT NULL,
    id bigint NOT NULL,
    symbol text NOT NULL,
    strategy text NOT NULL,
    strategy_id text NOT NULL,
    direction text NOT NULL CHECK (direction IN ('long', 'short')),
    status text NOT NULL CHECK (status IN ('open', 'closed')),
    size amount NOT NULL,
    entry_size amount NOT NULL,
    entry_notional amount NOT NULL,
    entry_fee amount NOT NULL,
    cost_left amount NOT NULL,
    entry_fee_left amount NOT NULL,
    exit_size amount NOT NULL,
    exit_notional amount NOT NULL,
    exit_fee amount NOT NULL,
    realized_pnl amount NOT NULL,
    stop_loss amount NOT NULL,
    take_profit amount NOT NULL,
    trailing_stop amount NOT NULL,
    extreme amount NOT NULL,
    worst amount NOT NULL,
    mark amount NOT NULL,
    signal_id bigint,
    entry_order_id bigint,
    stop_order_id bigint,
    target_order_id bigint,
    exit_order_id bigint,
    candles_held bigint NOT NULL,
    opened_at timestamptz,
    closed_at timestamptz,
    updated_at timestamptz,
    exit_reason text NOT NULL,
    PRIMARY KEY (account, id)
) WITH (fillfactor = 70);
CREATE INDEX position_open ON position (account, id) WHERE status = 'open';
CREATE INDEX position_symbol ON position (account, symbol, id);
CREATE INDEX position_opened ON position (account, opened_at);
COMMENT ON TABLE position IS 'Open positions and, closed, the round trips they became.';
COMMENT ON COLUMN position.size IS 'Still open: never negative, whatever the direction.';
COMMENT ON COLUMN position.entry_size IS 'Of all opening fills.';
COMMENT ON COLUMN position.cost_left IS 'Part of the entry notional that belongs to size.';
COMMENT ON COLUMN position.entry_fee_left IS 'Part of the entry fee that belongs to size.';
COMMENT ON COLUMN position.realized_pnl IS 'Net of exit fees and of the entry fee''s share.';
COMMENT ON COLUMN position.stop_loss IS 'The level as first set; 0: none.';
COMMENT ON COLUMN position.take_profit IS '0: none.';
COMMENT ON COLUMN position.trailing_stop IS 'The raised level; 0: none or not active yet.';
COMMENT ON COLUMN position.extreme IS 'Best price since entry.';
COMMENT ON COLUMN position.worst IS 'Worst price since entry.';
COMMENT ON COLUMN position.stop_order_id IS 'Resting at the venue; null: none.';
COMMENT ON COLUMN position.target_order_id IS 'Resting at the venue; null: none.';
COMMENT ON COLUMN position.exit_order_id IS 'A market exit on its way; null: none.';
COMMENT ON COLUMN position.exit_reason IS 'Of the newest closing fill; empty before it.';

CREATE TABLE fill (
    account text NOT NULL,
    id bigint NOT NULL,
    order_id bigint NOT NULL,
    position_id bigint NOT NULL,
    venue_fill_id text NOT NULL,
    symbol text NOT NULL,
    strategy text NOT NULL,
    strategy_id text NOT NULL,
    side text NOT NULL CHECK (side IN ('buy', 'sell')),
    price amount NOT NULL,
    size amount NOT NULL,
    notional amount NOT NULL,
    fee amount NOT NULL,
    fee_currency text NOT NULL,
    is_maker boolean NOT NULL,
    order_done boolean NOT NULL,
    opens boolean NOT NULL,
    pnl amount NOT NULL,
    slippage amount NOT NULL,
    at timestamptz NOT NULL,
    order_leaf_hash bytea NOT NULL CHECK (octet_length(order_leaf_hash) = 32),
    client_order_id text NOT NULL,
    PRIMARY KEY (account, id),
    UNIQUE (account, venue_fill_id),
    FOREIGN KEY (account, order_id) REFERENCES orders (account, id),
    FOREIGN KEY (account, position_id) REFERENCES position (account, id)
);
CREATE INDEX fill_order ON fill (account, order_id, id);
CREATE INDEX fill_position ON fill (account, position_id, id);
CREATE INDEX fill_symbol ON fill (account, symbol, id);
CREATE INDEX fill_at ON fill (account, at);
COMMENT ON TABLE fill IS 'Executions as the venue told them and as positions booked them.';
COMMENT ON COLUMN fill.venue_fill_id IS 'Unique: a fill told twice is booked once.';
COMMENT ON COLUMN fill.notional IS 'Price times size, rounded to the money scale.';
COMMENT ON COLUMN fill.order_done IS 'This fill completed its order.';
COMMENT ON COLUMN fill.opens IS 'It opened or enlarged the position.';
COMMENT ON COLUMN fill.pnl IS '0 when opening; else net of its fee and the entry fee''s share.';
COMMENT ON COLUMN fill.slippage IS 'Against the decision price; worse is positive.';

CREATE TABLE trade (
    account text NOT NULL,
    id bigint NOT NULL,
    log_idx bigint NOT NULL,
    PRIMARY KEY (account, id),
    UNIQUE (account, log_idx),
    FOREIGN KEY (account, id) REFERENCES fill (account, id),
    FOREIGN KEY (account, log_idx) REFERENCES log_entry (account, idx)
);
COMMENT ON TABLE trade IS 'Which log entry records which fill: no trade without a leaf.';
COMMENT ON COLUMN trade.id IS 'The fill''s id.';

CREATE TABLE equity (
    account text NOT NULL,
    at timestamptz NOT NULL,
    equity amount NOT NULL,
    cash amount NOT NULL,
    unrealized amount NOT NULL,
    is_daily boolean NOT NULL,
    day bigint NOT NULL,
    PRIMARY KEY (account, at)
);
COMMENT ON TABLE equity IS 'The equity curve, one sample an instant.';
COMMENT ON COLUMN equity.unrealized IS 'Of open positions at their marks, before exit fees.';
COMMENT ON COLUMN equity.is_daily IS 'The mark of a UTC day: equity at its first instant.';
COMMENT ON COLUMN equity.day IS 'Days since 1970 when is_daily, else 0.';

CREATE TABLE daily_equity (
    account text NOT NULL,
    day bigint NOT NULL,
    equity amount NOT NULL,
    PRIMARY KEY (account, day)
);
COMMENT ON TABLE daily_equity IS
    'Equity at each 00:00 UTC, the first one the start balance: what daily ratios are made of.';
COMMENT ON COLUMN daily_equity.day IS 'Days since 1970.';
