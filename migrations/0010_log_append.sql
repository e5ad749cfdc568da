-- SPDX-License-Identifier: Apache-2.0
-- Appending many entries at once: no look-up of the same sequencer row for each of them.

-- log_advance has locked that row, or made it, before any entry of the same transaction.
ALTER TABLE log_entry DROP CONSTRAINT log_entry_account_fkey;
