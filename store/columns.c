/* SPDX-License-Identifier: Apache-2.0 */
/* Writes structs as rows and reads rows as structs, by their column lists. */
#include "store/columns.h"

#include <string.h>

#include "core/clock.h"
#include "core/log.h"

void table_select_list(const struct table *t, const char *alias, struct text *out)
{
    for (size_t i = 0; i < t->count; i++)
        text_format(out, "%s%s.%s%s", i ? ", " : "", alias, t->columns[i].name,
                    t->columns[i].kind == COLUMN_AMOUNT ? "::text" : "");
}

void table_insert_sql(const struct table *t, const char *extra, bool upsert, struct text *out)
{
    size_t i, n = t->count + (extra ? 2 : 1), keys = t->key_count ? t->key_count : 1;

    text_format(out, "INSERT INTO %s (account", t->name);
    for (i = 0; i < t->count; i++)
        text_format(out, ", %s", t->columns[i].name);
    if (extra)
        text_format(out, ", %s", extra);
    text_string(out, ") VALUES (");
    for (i = 1; i <= n; i++)
        text_format(out, "%s$%zu", i > 1 ? ", " : "", i);
    text_char(out, ')');
    if (!upsert)
        return;
    text_string(out, " ON CONFLICT (account");
    for (i = 0; i < keys; i++)
        text_format(out, ", %s", t->columns[i].name);
    text_string(out, ") DO UPDATE SET ");
    for (i = keys; i < t->count; i++)
        text_format(out, "%s%s = EXCLUDED.%s", i > keys ? ", " : "", t->columns[i].name,
                    t->columns[i].name);
}

void table_put(const struct table *t, const void *row, struct pg_params *p)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct column *c = &t->columns[i];
        const char *at = (const char *)row + c->offset;
        int64_t integer;
        int word;
        double real;
        i128 amount;

        switch (c->kind) {
        case COLUMN_INTEGER:
        case COLUMN_ID:
        case COLUMN_TIME:
            memcpy(&integer, at, sizeof(integer));
            if (c->kind == COLUMN_TIME)
                params_time(p, integer);
            else if (c->kind == COLUMN_ID && integer == 0)
                params_null(p);
            else
                params_integer(p, integer);
            break;
        case COLUMN_INT:
        case COLUMN_WORD:
            memcpy(&word, at, sizeof(word));
            if (c->kind == COLUMN_WORD)
                params_text(p, c->word(word));
            else
                params_integer(p, word);
            break;
        case COLUMN_BOOL:
            params_bool(p, *(const bool *)at);
            break;
        case COLUMN_TEXT:
            params_text(p, at);
            break;
        case COLUMN_AMOUNT:
            memcpy(&amount, at, sizeof(amount));
            params_amount(p, amount);
            break;
        case COLUMN_REAL:
            memcpy(&real, at, sizeof(real));
            params_real(p, real);
            break;
        case COLUMN_DIGEST:
            params_bytes(p, at, DIGEST_BYTES);
            break;
        }
    }
}

static enum err column_get_word(const struct column *c, const char *name, int *out)
{
    for (int value = c->first; value <= c->last; value++) {
        const char *word = c->word(value);

        if (word && strcmp(word, name) == 0) {
            *out = value;
            return ERR_OK;
        }
    }
    return ERR_DB_QUERY;
}

static enum err column_get(const struct column *c, const PGresult *r, int row, int column, char *at)
{
    enum err e = ERR_OK;
    int64_t integer;
    int word = 0;
    double real;
    i128 amount = 0;

    switch (c->kind) {
    case COLUMN_INTEGER:
    case COLUMN_ID:
    case COLUMN_TIME:
        integer =
            c->kind == COLUMN_TIME ? result_time(r, row, column) : result_integer(r, row, column);
        memcpy(at, &integer, sizeof(integer));
        break;
    case COLUMN_INT:
        word = (int)result_integer(r, row, column);
        memcpy(at, &word, sizeof(word));
        break;
    case COLUMN_WORD:
        e = column_get_word(c, PQgetvalue(r, row, column), &word);
        memcpy(at, &word, sizeof(word));
        break;
    case COLUMN_BOOL:
        *(bool *)at = result_bool(r, row, column);
        break;
    case COLUMN_TEXT:
        result_text(r, row, column, at, c->size);
        break;
    case COLUMN_AMOUNT:
        e = result_amount(r, row, column, &amount);
        memcpy(at, &amount, sizeof(amount));
        break;
    case COLUMN_REAL:
        real = result_real(r, row, column);
        memcpy(at, &real, sizeof(real));
        break;
    case COLUMN_DIGEST:
        e = result_digest(r, row, column, (struct digest *)at);
        break;
    }
    return e;
}

enum err table_get(const struct table *t, const PGresult *r, int row_number, int first, void *row)
{
    memset(row, 0, t->row_size);
    for (size_t i = 0; i < t->count; i++) {
        const struct column *c = &t->columns[i];
        enum err e = column_get(c, r, row_number, first + (int)i, (char *)row + c->offset);

        if (e) {
            LOG_ERROR("db_value_not_understood", "table", t->name, "column", c->name, "value",
                      PQgetvalue(r, row_number, first + (int)i), NULL);
            return e;
        }
    }
    return ERR_OK;
}
