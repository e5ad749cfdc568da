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
