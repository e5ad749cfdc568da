/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the genesis and the key entries, which an index finds. */
#include "store/log_chain.h"

#include <stdlib.h>

#include "store/columns.h"

static enum err push(struct log_keys *keys, const char *entry, size_t length, uint64_t index)
{
    struct record_fault fault;
    struct record record;

    if (record_parse(entry, length, &record, &fault))
        return ERR_INVALID;
    if (index == 0)
        log_keys_begin(keys, &record);
    else if (log_keys_add(keys, &record, index))
        return ERR_INVALID;
    return keys->count > 0 ? ERR_OK : ERR_INVALID;
}

enum err log_chain_load(struct pg *pg, const char *account, int64_t deadline_us,
                        struct log_keys *out)
{
    struct pg_params p;
    PGresult *r = NULL;
    enum err e;

    out->count = 0;
    params_init(&p);
    params_text(&p, account);
    e = pg_exec(pg,
                "SELECT idx, entry FROM log_entry WHERE account = $1 AND idx = 0 UNION ALL"
                " SELECT idx, entry FROM log_entry WHERE account = $1 AND kind = 'key' ORDER BY 1",
                &p, deadline_us, &r);
    for (int i = 0; !e && i < PQntuples(r); i++) {
        size_t length;
        char *entry = result_copy(r, i, 1, &length);

        e = push(out, entry, length, (uint64_t)result_integer(r, i, 0));
        free(entry);
    }
    PQclear(r);
    return e;
}
