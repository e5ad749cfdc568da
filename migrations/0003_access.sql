-- SPDX-License-Identifier: Apache-2.0
-- Who may use the API and what they did: tokens, idempotency keys, the audit trail.

CREATE TABLE token (
    id text PRIMARY KEY,
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('viewer', 'trader', 'admin')),
    secret bytea NOT NULL UNIQUE CHECK (octet_length(secret) = 32),
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    created_by text NOT NULL
);
CREATE INDEX token_created ON token (created_at DESC, id DESC);
COMMENT ON TABLE token IS 'Bearer tokens; the token itself is never stored.';
COMMENT ON COLUMN token.secret IS 'SHA-256 of the whole token text.';
COMMENT ON COLUMN token.expires_at IS 'Null: never.';
COMMENT ON COLUMN token.last_used_at IS 'To the minute, best effort; null: never used.';
COMMENT ON COLUMN token.revoked_at IS 'Null: valid.';

CREATE TABLE idempotency (
    token_id text NOT NULL,
    key text NOT NULL,
    request bytea NOT NULL CHECK (octet_length(request) = 32),
    created_at timestamptz NOT NULL,
    status bigint,
    body bytea,
    content_type text,
    location text,
    PRIMARY KEY (token_id, key)
);
CREATE INDEX idempotency_created ON idempotency (created_at);
COMMENT ON TABLE idempotency IS
    'Requests by key: a row exists before the request is carried out; kept for 24 hours.';
COMMENT ON COLUMN idempotency.request IS 'Digest of method, path and body.';
COMMENT ON COLUMN idempotency.status IS 'HTTP status of the answer; null while in progress.';

CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    role text NOT NULL,
    action text NOT NULL,
    target text NOT NULL,
    outcome text NOT NULL,
    request_id text NOT NULL,
    remote text NOT NULL
);
CREATE INDEX audit_at ON audit (at);
COMMENT ON TABLE audit IS
    'Actions that do not bear on trading (tokens, sessions); those that do are in the trade log.';
COMMENT ON COLUMN audit.remote IS 'Address of the client.';
