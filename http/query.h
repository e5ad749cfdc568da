/* SPDX-License-Identifier: Apache-2.0 */
/* Typed query parameters: the same field tables as for bodies, an unknown name is a mistake. */
#ifndef HTTP_QUERY_H
#define HTTP_QUERY_H

#include "http/field.h"

/* ERR_PARAMETER_UNKNOWN with a suggestion for a name that is not in the table, ERR_PARAMETER for a
 * bad value or a name given twice. */
MUST_USE enum err query_parse(struct request *rq, const struct field *fields, size_t count);

/* Seconds a client is willing to wait for a change, 0 to 60: `wait` as "30" or "30s" in the query,
 * or `Prefer: wait=30` (RFC 7240).  ERR_PARAMETER when the query's value is not one; a header that
 * cannot be understood is ignored, as preferences are. */
MUST_USE enum err query_wait(struct request *rq, const char *text, int64_t *seconds);

#endif
