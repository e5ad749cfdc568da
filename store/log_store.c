/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the trade log back for the files that follow it, and strategy documents. */
#include <stdlib.h>

#include "store/store_parts.h"

static enum err log_number(struct store *s, const char *sql, int64_t n, int64_t *out)
{
    struct pg_params p;
    PGresult *r = NULL;
    enum err e;

    params_init(&p);
    params_text(&p, s->account);
    params_integer(&p, n);
    e = store_exec(s, sql, &p, true, &r);
    if (!e && PQntuples(r) == 0)
        e = ERR_NOT_FOUND;
    if (!e)
        *out = result_integer(r, 0, 0);
    PQclear(r);
    return e;
}

static enum err log_size(void *self, int64_t *entries)
{
    return log_number(self,
                      "SELECT coalesce(max(idx) + 1, 0) FROM log_entry"
                      " WHERE account = $1 AND idx >= $2",
                      0, entries);
}

static enum err log_trades(void *self, int64_t below, int64_t *trades)
{
    return log_number(self,
                      "SELECT count(*) FROM log_entry"
                      " WHERE account = $1 AND kind = 'trade' AND idx < $2",
                      below, trades);
}

static enum err log_trade_at(void *self, int64_t n, int64_t *index)
{
    return log_number(self,
                      "SELECT idx FROM log_entry WHERE account = $1 AND kind = 'trade'"
                      " ORDER BY idx OFFSET $2 LIMIT 1",
                      n, index);
}

static enum err log_read(void *self, bool trades_only, int64_t from, struct jsonl_entry *out,
                         size_t capacity, size_t *count)
{
    struct store *s = self;
    struct pg_params p;
    PGresult *r = NULL;
    struct digest proof;
    size_t n = 0;
    enum err e;

    params_init(&p);
    params_text(&p, s->account);
    params_integer(&p, from);
    params_integer(&p, (int64_t)capacity);
    e = store_exec(s,
                   trades_only ? "SELECT idx, entry, proof FROM log_entry WHERE account = $1"
                                 " AND idx >= $2 AND kind = 'trade' ORDER BY idx LIMIT $3"
                               : "SELECT idx, entry, proof FROM log_entry WHERE account = $1"
                                 " AND idx >= $2 ORDER BY idx LIMIT $3",
                   &p, true, &r);
    for (n = 0; !e && n < (size_t)PQntuples(r); n++) {
        e = result_digest(r, (int)n, 2, &proof);
        if (e)
            break;
        out[n] = (struct jsonl_entry){.index = result_integer(r, (int)n, 0), .proof = proof};
        out[n].bytes = result_copy(r, (int)n, 1, &out[n].length);
    }
    PQclear(r);
    if (e) {
        while (n-- > 0)
            free(out[n].bytes);
        return e;
    }
    *count = n;
    return ERR_OK;
}

struct jsonl_source store_jsonl_source(struct store *s)
{
    return (struct jsonl_source){
        .self = s,
        .size = log_size,
        .trades = log_trades,
        .trade_at = log_trade_at,
        .read = log_read,
    };
}
