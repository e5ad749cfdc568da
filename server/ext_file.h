/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded values from outside, for commands that look at the past. */
#ifndef SERVER_EXT_FILE_H
#define SERVER_EXT_FILE_H

#include "server/past.h"

/* NAME=FILE.  CSV: the header "timestamp,value", then Unix milliseconds or RFC 3339 (the instant
 * from which the value is known, ascending) and a finite number, or nothing for unknown. */
MUST_USE enum err ext_file_open(const char *item, struct past *p, struct diag_list *diags);

/* The same CSV from bytes; name stands for the file in messages.  The points are the caller's. */
MUST_USE enum err ext_parse(const char *data, size_t length, const char *name,
                            struct diag_list *diags, struct ext_point **points, size_t *count);

#endif
