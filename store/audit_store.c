/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the audit trail of what does not bear on trading. */
#include "store/store_parts.h"

enum err store_audit(struct store *s, const struct audit_entry *e)
{
    const char *const texts[] = {e->actor,   e->role,       e->action, e->target,
                                 e->outcome, e->request_id, e->remote};
    struct pg_params p;

    params_init(&p);
    params_time(&p, e->at_us);
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        params_text(&p, texts[i] ? texts[i] : "");
    /* Not twice: an action that is told two times would look like two. */
    return store_exec(s,
                      "INSERT INTO audit (at, actor, role, action, target, outcome, request_id,"
                      " remote) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                      &p, false, NULL);
}
