/* SPDX-License-Identifier: Apache-2.0 */
/* What comes in lines and pages: the decoders of a server's checkpoints and of time stamp files.
 *
 * Both read bytes that whoever is checked has written.  Pure. */
#ifndef SERVER_VERIFY_PAGES_H
#define SERVER_VERIFY_PAGES_H

#include "core/error.h"
#include "core/text.h"

/* One page of GET /v1/log/checkpoints: appends its notes, one behind the other, to `notes`.
 * *next_from: where the next page begins, 0 behind the last.  ERR_SYNTAX when it is no such page;
 * ERR_LIMIT when the notes do not fit. */
MUST_USE enum err pages_notes(const char *page, size_t length, struct text *notes,
                              uint64_t *next_from);

/* Of notes one behind the other: the end of the one that begins at `from`, behind its last
 * signature line; `end` when nothing says where it ends.  Always behind `from`. */
const char *pages_note_end(const char *from, const char *end);

/* One line "SIZE BASE64" without its newline: the token goes to der.  False when it is none. */
bool pages_stamp(const char *line, size_t length, uint64_t *size, uint8_t *der, size_t capacity,
                 size_t *der_length);

/* A size in decimal at `at`, without leading zeros, and `behind` behind it. */
bool pages_number(const char *at, const char *end, char behind, uint64_t *out);

#endif
