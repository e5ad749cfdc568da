-- SPDX-License-Identifier: Apache-2.0
-- Who may trade an account: one daemon at a time, for as long as it keeps renewing its lease.

CREATE TABLE account_lease (
    account text PRIMARY KEY,
    epoch bigint NOT NULL CHECK (epoch > 0),
    owner text NOT NULL,
    holder text NOT NULL,
    acquired_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 50); -- written every few seconds
COMMENT ON TABLE account_lease IS
    'One active daemon an account; all times are the database''s own.';
COMMENT ON COLUMN account_lease.epoch IS 'Raised by every daemon that takes the lease.';
COMMENT ON COLUMN account_lease.owner IS
    'Names a data directory: a daemon that restarts there has its lease back at once.';
COMMENT ON COLUMN account_lease.holder IS 'Host and process, for people.';
COMMENT ON COLUMN account_lease.expires_at IS
    'From here on another daemon may take the account over.';
