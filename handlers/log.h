/* SPDX-License-Identifier: Apache-2.0 */
/* The trade log over HTTP: each answer for the log of one account.
 *
 * Formats: C2SP tlog-checkpoint, tlog-tiles, tlog-proof; proofs in JSON have the members of
 * Sigstore's TransparencyLogEntry, which other tools read.  All run on a worker. */
#ifndef HANDLERS_LOG_H
#define HANDLERS_LOG_H

#include "engine/checkpoint.h"
#include "handlers/handlers.h"
#include "store/log_read.h"

enum {
    LOG_STAMPS_PAGE = 20,               /* sizes whose tokens are given at once */
    LOG_STAMPS_BYTES = 16 * 1024 * 1024 /* of them: ANCHOR_AUTHORITIES tokens of 64 KiB each */
};

/* The newest signed note. */
enum err log_answer_checkpoint(struct request *rq, const char *account);
/* The vkey that its genesis names, or its newest key entry. */
enum err log_answer_key(struct request *rq, const char *account);
/* A C2SP tlog-policy: the log and how many witnesses must have cosigned. */
enum err log_answer_policy(struct request *rq, const char *account);
/* A tile or an entry bundle; path: what stands behind "tile/". */
enum err log_answer_tile(struct request *rq, const char *account, const char *path);
/* Every note that was signed, page by page. */
enum err log_answer_checkpoints(struct request *rq, const char *account);
enum err log_answer_anchors(struct request *rq, const char *account, const char *size);
/* The notes that others attested, and the time stamp tokens, as text a page. */
enum err log_answer_attested(struct request *rq, const char *account);
enum err log_answer_timestamps(struct request *rq, const char *account);
/* Proof of one entry, as JSON; `size` of the query, or the newest. */
enum err log_answer_proof(struct request *rq, const char *account, uint64_t index);
enum err log_answer_find(struct request *rq, const char *account);
enum err log_answer_consistency(struct request *rq, const char *account);
/* name: "{index}.tlog-proof". */
enum err log_answer_proof_file(struct request *rq, const char *account, const char *name);
/* The figures by tl-metrics-1; `size` of the query, or the newest. */
enum err log_answer_statement(struct request *rq, const char *account);
/* All of it as a tar archive. */
enum err log_answer_evidence(struct request *rq, const char *account);

/* A decimal without leading zeros, 2^63 - 1 at most; false: it is none. */
bool log_number(const char *text, size_t length, uint64_t *out);
/* The note's size and root; ERR_INTERNAL when a stored note is none. */
MUST_USE enum err log_note_open(const struct log_note *n, struct checkpoint *out);
/* The note of a signed size, 0: the newest; the caller's.  ERR_NOT_FOUND is answered. */
MUST_USE enum err log_choose_note(struct request *rq, const char *account, int64_t size,
                                  struct log_note *out);
/* The statement of a signed size, canonical JSON.  ERR_INVALID: the algorithm is not defined on
 * this log, *why says a reason. */
MUST_USE enum err log_statement(struct store *s, const char *account, const struct checkpoint *c,
                                struct text *out, const char **why);
/* Puts the statement of the log up to now into it, as the next entry.  ERR_INVALID as above;
 * ERR_AGAIN: it grows too fast; the engine's own errors; reply->durable as any command's. */
MUST_USE enum err log_publish(struct handlers *h, struct text *statement,
                              struct command_reply *reply, const char **why);
/* Bytes that never change: entity tag, cacheable for a year; 304 where the client has them. */
enum err log_respond_forever(struct request *rq, const char *content_type, struct text *body_take);

#endif
