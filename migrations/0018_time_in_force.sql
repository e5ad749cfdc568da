-- SPDX-License-Identifier: Apache-2.0
-- How long a limit order is good.

ALTER TABLE orders ADD COLUMN time_in_force text NOT NULL DEFAULT 'gtc'
    CHECK (time_in_force IN ('gtc', 'ioc', 'fok', 'post_only'));
ALTER TABLE orders ALTER COLUMN time_in_force DROP DEFAULT;
COMMENT ON COLUMN orders.time_in_force IS
    'Of limit orders, else gtc; ioc: what does not execute at once expires; fok: all of it does or'
    ' it expires; post_only: gtc, and refused where it would take.';
