-- SPDX-License-Identifier: Apache-2.0
-- The operator's dead-man switch: that it is armed outlives a crash, its expiry begins anew.

ALTER TABLE account ADD COLUMN deadman_us bigint NOT NULL DEFAULT 0 CHECK (deadman_us >= 0);
ALTER TABLE account ALTER COLUMN deadman_us DROP DEFAULT;
ALTER TABLE account ADD COLUMN deadman_action text NOT NULL DEFAULT 'pause'
    CHECK (deadman_action IN ('pause', 'flatten'));
ALTER TABLE account ALTER COLUMN deadman_action DROP DEFAULT;
COMMENT ON COLUMN account.deadman_us IS
    'Microseconds within which the switch has to be renewed; 0: it is not armed.';
COMMENT ON COLUMN account.deadman_action IS
    'What is done when it is not: pause the loop, or flatten: close every position too.';
