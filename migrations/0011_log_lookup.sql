-- SPDX-License-Identifier: Apache-2.0
-- Looking up every entry by its leaf hash cost half of appending: only orders and signals are named
-- by theirs (by trades, closes, orders, and as client order id); all entries have their proof.

DROP INDEX log_entry_leaf_hash;
CREATE INDEX log_entry_leaf_hash ON log_entry USING hash (leaf_hash)
    WHERE kind IN ('order', 'signal');
