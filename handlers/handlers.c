/* SPDX-License-Identifier: Apache-2.0 */
/* Small things several handlers need. */
#include "handlers/handlers.h"

#include <stdlib.h>
#include <string.h>

enum err handlers_id(struct request *rq, int64_t *id)
{
    const char *text = rq->argument_count > 0 ? rq->arguments[0] : "";
    size_t length = strlen(text);

    /* One thing has one name: no sign, no leading zero. */
    if (length == 0 || length > 18 || text[0] == '0' || strspn(text, "0123456789") != length)
        return request_fail(rq, ERR_NOT_FOUND, "An id is a positive whole number.");
    *id = strtoll(text, NULL, 10);
    return ERR_OK;
}
