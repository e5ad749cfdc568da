/* SPDX-License-Identifier: Apache-2.0 */
/* Who signs an account's log: its key, what it is called by, and the key that takes over.
 *
 * data_dir/log.key signs every log that is begun in this folder.  `traderd log rotate-key` makes
 * next-ACCOUNT.key for one of them; the daemon then puts a `key` entry into its log, both keys sign
 * until the old one ends, and after that the file becomes log-ACCOUNT.key.  Those files have the
 * log's name in their second line, so that it stays what it was.  A crash between any two of these
 * steps leaves files and log as one of them: the next start goes on from there. */
#ifndef SERVER_LOG_IDENTITY_H
#define SERVER_LOG_IDENTITY_H

#include "engine/engine.h"
#include "engine/log_step.h"
#include "server/data_dir.h"

struct log_identity {
    char origin[NOTE_NAME]; /* "traderd.local/<beginning of the key>/<account>" */
    char vkey[VKEY_BYTES];
    struct log_signer signer;     /* points into this struct, which must not move */
    struct log_rotation rotation; /* its key NULL: none takes over */
    char next_vkey[VKEY_BYTES];   /* of that one; "" */
    char *predecessor;            /* a signed note, owned; NULL: it follows no other log */
    char key_file[DATA_PATH_MAX], next_file[DATA_PATH_MAX];
};

/* Loads the account's key, or makes data_dir/log.key, and the one that takes over, if any. */
MUST_USE enum err log_identity_open(const char *data_dir, const char *account,
                                    struct diag_list *diags, struct log_identity *out);
/* The same, but a key that is not there is not made: ERR_NOT_FOUND. */
MUST_USE enum err log_identity_open_existing(const char *data_dir, const char *account,
                                             struct diag_list *diags, struct log_identity *out);
void log_identity_close(struct log_identity *l);
/* Reads the checkpoint that a new log cites; path "": none.  It must be of another log. */
MUST_USE enum err log_identity_cite(struct log_identity *l, const char *path,
                                    struct diag_list *diags);
/* Makes the key that takes over; prints nothing.  ERR_CONFLICT: there is one already. */
MUST_USE enum err log_identity_rotate(struct log_identity *l, struct diag_list *diags);
/* Before the engine's thread is started: names the key that takes over in the log, unless it is
 * there already; or, when the old one has ended, makes its file the account's.  What fails is told,
 * and tried again at the next start.  Both sign for key_overlap_s of
 * the log's time, which in a replay is that of its candles. */
void log_identity_proceed(struct log_identity *l, struct engine *engine, bool is_replay,
                          const struct config *c);

#endif
