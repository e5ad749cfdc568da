-- SPDX-License-Identifier: Apache-2.0
-- Entries about the log itself are few and looked for by their kind: the keys at each start, the newest
-- key whenever somebody asks for it.

CREATE INDEX log_entry_key ON log_entry (account, idx) WHERE kind = 'key';
