-- SPDX-License-Identifier: Apache-2.0
-- Several strategies of one account: what they are, which trade, and values from outside.

ALTER TABLE account ADD COLUMN feed_id text NOT NULL DEFAULT '';
UPDATE account a SET feed_id = c.feed_id FROM account_config c WHERE c.account = a.id;
ALTER TABLE account ALTER COLUMN feed_id DROP DEFAULT;
ALTER TABLE account ADD COLUMN config_strategy_id text NOT NULL DEFAULT '';
ALTER TABLE account ALTER COLUMN config_strategy_id DROP DEFAULT;
ALTER TABLE account ADD COLUMN last_activation_id bigint NOT NULL DEFAULT 0;
ALTER TABLE account ALTER COLUMN last_activation_id DROP DEFAULT;
DROP TABLE account_config;
COMMENT ON COLUMN account.feed_id IS
    'Of the newest config leaf: digest of the recorded candles, or the venue''s name.';
COMMENT ON COLUMN account.config_strategy_id IS
    'The configured artifact at the newest start: another one is an operator''s change.';

ALTER TABLE orders ADD COLUMN attached_stop amount NOT NULL DEFAULT 0;
ALTER TABLE orders ALTER COLUMN attached_stop DROP DEFAULT;
ALTER TABLE orders ADD COLUMN attached_target amount NOT NULL DEFAULT 0;
ALTER TABLE orders ALTER COLUMN attached_target DROP DEFAULT;
COMMENT ON COLUMN orders.attached_stop IS
    'Entries of outside signals: the stop level the position gets; 0: none.';
COMMENT ON COLUMN orders.attached_target IS
    'Entries of outside signals: the target the position gets; 0: none.';

ALTER TABLE position ADD COLUMN roi_target amount NOT NULL DEFAULT 0;
ALTER TABLE position ALTER COLUMN roi_target DROP DEFAULT;
ALTER TABLE position ADD COLUMN scale_ins bigint NOT NULL DEFAULT 0;
ALTER TABLE position ALTER COLUMN scale_ins DROP DEFAULT;
ALTER TABLE position ADD COLUMN scale_outs bigint NOT NULL DEFAULT 0;
ALTER TABLE position ALTER COLUMN scale_outs DROP DEFAULT;
ALTER TABLE position ADD COLUMN scaled_candles bigint NOT NULL DEFAULT 0;
ALTER TABLE position ALTER COLUMN scaled_candles DROP DEFAULT;
ALTER TABLE position ADD COLUMN first_size amount NOT NULL DEFAULT 0;
ALTER TABLE position ALTER COLUMN first_size DROP DEFAULT;
UPDATE position p SET first_size = o.size FROM orders o
    WHERE o.account = p.account AND o.id = p.entry_order_id;
COMMENT ON COLUMN position.roi_target IS 'The ROI table''s price as of now; 0: none.';
COMMENT ON COLUMN position.scale_ins IS 'Times it was added to by the strategy''s scale_in.';
COMMENT ON COLUMN position.scale_outs IS 'Times a part was taken off by the strategy''s scale_out.';
COMMENT ON COLUMN position.scaled_candles IS 'candles_held at the newest of those steps.';
COMMENT ON COLUMN position.first_size IS 'Size of the first entry order.';
CREATE INDEX position_closed ON position (account, strategy, symbol, id) WHERE status = 'closed';

ALTER TABLE strategy ADD COLUMN ordinal bigint GENERATED ALWAYS AS IDENTITY UNIQUE;
ALTER TABLE strategy ADD COLUMN source text;
ALTER TABLE strategy ADD COLUMN uploaded_by text NOT NULL DEFAULT '';
ALTER TABLE strategy ALTER COLUMN uploaded_by DROP DEFAULT;
ALTER TABLE strategy ADD COLUMN retired_at timestamptz;
-- An artifact's canonical form has "entry" before "name", and a source of signals has no rules.
ALTER TABLE strategy ADD COLUMN is_outside boolean NOT NULL
    GENERATED ALWAYS AS (document LIKE '{"name":%') STORED;
CREATE INDEX strategy_name ON strategy (name, ordinal);
COMMENT ON TABLE strategy IS
    'Every strategy document that was uploaded or that a log entry ever named; none is erased.';
COMMENT ON COLUMN strategy.name IS 'What the document calls itself; versions share it.';
COMMENT ON COLUMN strategy.created_at IS 'When it was first known here.';
COMMENT ON COLUMN strategy.ordinal IS 'Grows with every new document: the order of lists.';
COMMENT ON COLUMN strategy.source IS
    'The bytes as uploaded; null: it was never uploaded, the configuration named its file.';
COMMENT ON COLUMN strategy.uploaded_by IS 'Name of the token; empty: never uploaded.';
COMMENT ON COLUMN strategy.is_outside IS
    'It stands for a source of signals: a name without rules.';
COMMENT ON COLUMN strategy.retired_at IS 'Null: it may be activated.';

CREATE TABLE strategy_slot (
    account text NOT NULL,
    name text NOT NULL,
    ordinal bigint NOT NULL CHECK (ordinal > 0),
    strategy_id text NOT NULL,
    next_id text NOT NULL,
    effective text NOT NULL CHECK (effective IN ('now', 'next_candle', 'when_flat')),
    from_at timestamptz,
    is_outside boolean NOT NULL,
    state text NOT NULL CHECK (state IN ('active', 'ending', 'ended')),
    PRIMARY KEY (account, name)
);
COMMENT ON TABLE strategy_slot IS
    'The strategies of an account by name: which version trades, and which one shall follow.';
COMMENT ON COLUMN strategy_slot.account IS 'As account.id.';
COMMENT ON COLUMN strategy_slot.name IS 'Positions are keyed by account, this name and symbol.';
COMMENT ON COLUMN strategy_slot.ordinal IS 'Order in which the strategies decide.';
COMMENT ON COLUMN strategy_slot.strategy_id IS
    'The version that trades; of an outside source no stored document.';
COMMENT ON COLUMN strategy_slot.next_id IS 'The version that takes over; empty: none waits.';
COMMENT ON COLUMN strategy_slot.effective IS 'How the newest activation takes over.';
COMMENT ON COLUMN strategy_slot.from_at IS 'Engine time of the newest activation.';
COMMENT ON COLUMN strategy_slot.is_outside IS 'Its signals come by POST /v1/signals.';
COMMENT ON COLUMN strategy_slot.state IS
    'ending: no entries any more, ends with its last position.';

CREATE TABLE strategy_activation (
    account text NOT NULL,
    id bigint NOT NULL CHECK (id > 0),
    at timestamptz NOT NULL,
    name text NOT NULL,
    strategy_id text NOT NULL,
    previous_id text NOT NULL,
    action text NOT NULL CHECK (action IN ('activate', 'rollback', 'deactivate', 'configure')),
    effective text NOT NULL CHECK (effective IN ('now', 'next_candle', 'when_flat')),
    actor text NOT NULL,
    PRIMARY KEY (account, id)
);
CREATE INDEX strategy_activation_name ON strategy_activation (account, name, id);
COMMENT ON TABLE strategy_activation IS
    'Who changed which strategy when: what a rollback goes back along.';
COMMENT ON COLUMN strategy_activation.account IS 'As account.id.';
COMMENT ON COLUMN strategy_activation.id IS '1, 2, ... of the account.';
COMMENT ON COLUMN strategy_activation.at IS 'Engine time: candle time in a replay.';
COMMENT ON COLUMN strategy_activation.name IS 'The strategy''s name.';
COMMENT ON COLUMN strategy_activation.strategy_id IS 'The version that the action is about.';
COMMENT ON COLUMN strategy_activation.previous_id IS 'The version before it; empty for the first.';
COMMENT ON COLUMN strategy_activation.action IS
    'configure: the daemon was started with this artifact in its configuration.';
COMMENT ON COLUMN strategy_activation.effective IS 'How it takes over from the version before.';
COMMENT ON COLUMN strategy_activation.actor IS 'Name of the token.';

CREATE TABLE ext_value (
    account text NOT NULL,
    name text NOT NULL,
    symbol text NOT NULL,
    value double precision NOT NULL
        CHECK (value > '-Infinity'::double precision AND value < 'Infinity'::double precision),
    at timestamptz NOT NULL,
    PRIMARY KEY (account, name, symbol)
);
COMMENT ON TABLE ext_value IS
    'The newest value of each name (and symbol) that PUT /v1/features was given.';
COMMENT ON COLUMN ext_value.account IS 'As account.id.';
COMMENT ON COLUMN ext_value.name IS 'Rules read it as ext.NAME.';
COMMENT ON COLUMN ext_value.symbol IS 'Empty: of every symbol that has no value of its own.';
COMMENT ON COLUMN ext_value.value IS 'Any finite number.';
COMMENT ON COLUMN ext_value.at IS 'When it was true, engine time.';
