-- SPDX-License-Identifier: Apache-2.0
-- The trade log as a transparency log: its tree, every checkpoint that was signed, and evidence.

ALTER TABLE log_state ADD COLUMN root bytea CHECK (octet_length(root) = 32);
ALTER TABLE log_state ADD COLUMN frontier bytea CHECK (octet_length(frontier) % 32 = 0);
COMMENT ON COLUMN log_state.root IS
    'RFC 6962 root of the entries; null until the first daemon that keeps a tree has built it.';
COMMENT ON COLUMN log_state.frontier IS
    'Hashes of the complete subtrees the root is folded from, the largest first.';

ALTER TABLE log_entry DROP CONSTRAINT log_entry_kind_check;
ALTER TABLE log_entry ADD CONSTRAINT log_entry_kind_check CHECK (kind IN (
    'genesis', 'config', 'cycle', 'signal', 'order', 'trade', 'close', 'cash', 'equity', 'control',
    'correct', 'reveal', 'key', 'anchor', 'statement'));
-- Whoever has a hash looks up its place: 4 bytes a row, and no order that would scatter.
CREATE INDEX log_entry_proof ON log_entry USING hash (proof);
CREATE INDEX log_entry_leaf_hash ON log_entry USING hash (leaf_hash);

CREATE TABLE log_node (
    account text NOT NULL,
    level bigint NOT NULL CHECK (level > 0),
    n bigint NOT NULL CHECK (n >= 0),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (account, level, n)
);
COMMENT ON TABLE log_node IS
    'Hashes of complete subtrees of 256^level entries; level 0 is log_entry.leaf_hash.';
COMMENT ON COLUMN log_node.n IS 'Which one from the left, counted from 0.';

CREATE TABLE log_checkpoint (
    account text NOT NULL,
    size bigint NOT NULL CHECK (size > 0),
    note text NOT NULL,
    PRIMARY KEY (account, size)
);
COMMENT ON TABLE log_checkpoint IS
    'Every checkpoint that was signed, one a commit that appended: C2SP signed notes.';

CREATE TABLE log_evidence (
    account text NOT NULL,
    size bigint NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL CHECK (kind IN ('cosignature', 'rfc3161', 'opentimestamps')),
    source text NOT NULL,
    at timestamptz NOT NULL,
    blob bytea NOT NULL,
    PRIMARY KEY (account, size, id),
    FOREIGN KEY (account, size) REFERENCES log_checkpoint (account, size)
);
COMMENT ON TABLE log_evidence IS
    'What others attested of a checkpoint: cosignature lines, time stamp tokens.';
COMMENT ON COLUMN log_evidence.at IS 'The time the attestation states.';

CREATE FUNCTION log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the trade log is append-only: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'TD003';
END
$$;
COMMENT ON FUNCTION log_refuse() IS 'Raises TD003: what was logged is never changed.';
CREATE TRIGGER log_node_no_change BEFORE UPDATE OR DELETE ON log_node
    FOR EACH ROW EXECUTE FUNCTION log_refuse();
CREATE TRIGGER log_node_no_truncate BEFORE TRUNCATE ON log_node
    FOR EACH STATEMENT EXECUTE FUNCTION log_refuse();
CREATE TRIGGER log_checkpoint_no_change BEFORE UPDATE OR DELETE ON log_checkpoint
    FOR EACH ROW EXECUTE FUNCTION log_refuse();
CREATE TRIGGER log_checkpoint_no_truncate BEFORE TRUNCATE ON log_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION log_refuse();
CREATE TRIGGER log_evidence_no_change BEFORE UPDATE OR DELETE ON log_evidence
    FOR EACH ROW EXECUTE FUNCTION log_refuse();
CREATE TRIGGER log_evidence_no_truncate BEFORE TRUNCATE ON log_evidence
    FOR EACH STATEMENT EXECUTE FUNCTION log_refuse();

-- Moves the log of an account from one size and root to the next within the caller's transaction,
-- so that a commit is one round trip: what does not fit raises, and the rest of the pipeline is
-- skipped.  Without new entries root and frontier stay.
DROP FUNCTION log_advance(text, bigint, bigint, bigint, timestamptz);
CREATE FUNCTION log_advance(p_account text, p_epoch bigint, p_from bigint, p_to bigint,
                            p_at timestamptz, p_root_from bytea, p_root bytea, p_frontier bytea)
    RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    state log_state%ROWTYPE;
BEGIN
    SELECT * INTO state FROM log_state WHERE account = p_account FOR UPDATE;
    IF NOT FOUND THEN
        IF p_from <> 0 THEN
            RAISE EXCEPTION 'the log of % does not exist, yet % entries are expected',
                p_account, p_from USING ERRCODE = 'TD002';
        END IF;
        INSERT INTO log_state (account, size, epoch, last_at, root, frontier)
            VALUES (p_account, p_to, p_epoch, p_at, p_root, p_frontier);
        RETURN;
    END IF;
    IF state.epoch <> p_epoch THEN
        RAISE EXCEPTION 'the log of % is at epoch %, this daemon at %',
            p_account, state.epoch, p_epoch USING ERRCODE = 'TD001';
    END IF;
    IF state.size <> p_from THEN
        RAISE EXCEPTION 'the log of % has % entries, % are expected',
            p_account, state.size, p_from USING ERRCODE = 'TD002';
    END IF;
    IF state.root <> p_root_from THEN
        RAISE EXCEPTION 'the log of % has another root at size % than this daemon',
            p_account, state.size USING ERRCODE = 'TD002';
    END IF;
    IF p_to <> p_from THEN
        UPDATE log_state SET size = p_to, last_at = p_at, root = p_root, frontier = p_frontier
            WHERE account = p_account;
    END IF;
END
$$;
COMMENT ON FUNCTION log_advance(text, bigint, bigint, bigint, timestamptz, bytea, bytea, bytea) IS
    'Locks the sequencer and moves it; TD001: another epoch, TD002: another size or root.';
