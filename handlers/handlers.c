/* SPDX-License-Identifier: Apache-2.0 */
/* Small things several handlers need. */
#include "handlers/handlers.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"

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

bool handlers_leads(const struct handlers *h)
{
    return !h->lease ||
           (!lease_is_lost(h->lease) && clock_monotonic_us() < lease_until_us(h->lease));
}

/* The feed must have it: a misspelt symbol would wait for candles that never come. */
enum err handlers_check_symbol(struct request *rq, const char *symbol)
{
    const struct handlers *h = handlers_of(rq);
    const char *nearest = NULL;
    size_t least = 3;
    struct diag *d;

    for (size_t i = 0; i < h->instrument_count; i++) {
        size_t distance = edit_distance(symbol, h->instruments[i].symbol);

        if (distance == 0)
            return ERR_OK;
        if (distance < least) {
            least = distance;
            nearest = h->instruments[i].symbol;
        }
    }
    d = diag_add(request_diags(rq), "/symbol", err_code(ERR_FIELD), "The feed has no such symbol.");
    if (nearest)
        diag_hint(d, "did you mean '%s'?", nearest);
    return ERR_FIELD;
}

void handlers_audit(struct request *rq, const char *action, const char *target, const char *outcome)
{
    const struct audit_entry entry = {.at_us = clock_wall_us(),
                                      .actor = rq->principal.name,
                                      .role = role_name((enum role)rq->principal.role),
                                      .action = action,
                                      .target = target,
                                      .outcome = outcome,
                                      .request_id = rq->id,
                                      .remote = rq->peer->address};

    if (store_audit(handlers_of(rq)->store, &entry))
        LOG_WARN("audit_failed", "action", action, "target", target, NULL);
}
