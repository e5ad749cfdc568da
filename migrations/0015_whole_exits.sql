-- SPDX-License-Identifier: Apache-2.0
-- Exits that are larger than one order may be go out one after the other.

ALTER TABLE orders ADD COLUMN is_whole boolean NOT NULL DEFAULT false;
ALTER TABLE orders ALTER COLUMN is_whole DROP DEFAULT;
COMMENT ON COLUMN orders.is_whole IS
    'A market exit of all that was held, or of as much as one order may have: the rest follows.';
