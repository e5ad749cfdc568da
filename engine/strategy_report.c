/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what is known of an artifact, its mistakes with the text they are in. */
#include "engine/strategy_report.h"

#include <string.h>

#include "core/jnode.h"
#include "engine/candle.h"

/* Follows "a.b[3].c"; NULL when there is nothing. */
static const struct jnode *find_field(const struct jnode *n, const char *path)
{
    while (n && *path) {
        char key[96];
        size_t length;

        if (*path == '[') {
            size_t i = 0;

            for (path++; *path >= '0' && *path <= '9'; path++)
                i = i * 10 + (size_t)(*path - '0');
            n = jnode_is(n, J_ARRAY) && i < jnode_count(n) ? jnode_item(n, i) : NULL;
            path += *path == ']';
        } else {
            length = strcspn(path, ".[");
            if (length == 0 || length >= sizeof key || !jnode_is(n, J_OBJECT))
                return NULL;
            memcpy(key, path, length);
            key[length] = '\0';
            n = jnode_member(n, key);
            path += length;
        }
        path += *path == '.';
    }
    return n;
}

static bool text_at(const struct jnode *root, const char *field, struct text *out)
{
    const struct jnode *n = root && *field ? find_field(root, field) : NULL;

    if (!jnode_is(n, J_STRING))
        return false;
    text_string(out, jnode_text(n));
    return out->length > 0 && !out->full;
}

bool strategy_field_text(const char *json, size_t length, const char *field, struct text *out)
{
    struct jnode *root = NULL;
    bool is_found;

    if (!json || jnode_parse(json, length, "strategy", NULL, &root))
        return false;
    is_found = text_at(root, field, out);
    jnode_free(root);
    return is_found;
}

static void write_diag(struct jwriter *w, const struct diag *d, const struct jnode *root)
{
    struct text expression;

    jw_member_text(w, "field", d->field);
    jw_member_integer(w, "line", d->line);
    jw_member_integer(w, "column", d->column);
    jw_member_integer(w, "length", d->length);
    jw_member_text(w, "code", d->code);
    jw_member_text(w, "message", d->message);
    jw_member_text(w, "hint", d->hint);
    text_init(&expression, LIMIT_JSON_BYTES);
    jw_key(w, "expr");
    if (d->column > 0 && d->line == 0 && text_at(root, d->field, &expression))
        jw_text_n(w, expression.data, expression.length);
    else
        jw_null(w);
    text_release(&expression);
}

void strategy_report_diag(struct jwriter *w, const struct diag *d, const char *json, size_t length)
{
    struct jnode *root = NULL;

    if (!json || jnode_parse(json, length, "strategy", NULL, &root))
        root = NULL;
    write_diag(w, d, root);
    jnode_free(root);
}

static void write_diags(struct jwriter *w, const char *key, const struct diag_list *list,
                        const struct jnode *root)
{
    jw_key(w, key);
    jw_array(w);
    for (size_t i = 0; list && i < list->count; i++) {
        jw_object(w);
        write_diag(w, &list->items[i], root);
        jw_object_end(w);
    }
    jw_array_end(w);
}

static void write_texts(struct jwriter *w, const char *key, const struct strategy *s,
                        size_t (*count)(const struct strategy *s),
                        const char *(*text)(const struct strategy *s, size_t i))
{
    jw_key(w, key);
    jw_array(w);
    for (size_t i = 0; s && i < count(s); i++)
        jw_text(w, text(s, i));
    jw_array_end(w);
}

static void write_ext(struct jwriter *w, const struct strategy *s)
{
    jw_key(w, "ext");
    jw_array(w);
    for (size_t i = 0; s && i < strategy_ext_count(s); i++) {
        jw_object(w);
        jw_member_text(w, "name", strategy_ext_name(s, i));
        jw_member_integer(w, "max_age_s", strategy_ext_max_age_us(s, i) / US_PER_S);
        jw_object_end(w);
    }
    jw_array_end(w);
}

static void write_metrics(struct jwriter *w, const struct strategy *s)
{
    jw_key(w, "metrics");
    jw_object(w);
    for (size_t i = 0; s && i < strategy_metric_count(s); i++)
        jw_member_double(w, strategy_metric_name(s, i), strategy_metric_value(s, i));
    jw_object_end(w);
}

void strategy_report(struct jwriter *w, const struct strategy *s, const struct diag_list *errors,
                     const char *json, size_t length)
{
    struct jnode *root = NULL;

    if (!json || jnode_parse(json, length, "strategy", NULL, &root))
        root = NULL;
    jw_member_bool(w, "valid", s != NULL);
    jw_member_text(w, "id", s ? strategy_id(s) : NULL);
    jw_member_text(w, "name", s ? strategy_name(s) : NULL);
    write_diags(w, "warnings", s ? strategy_warnings(s) : NULL, root);
    write_diags(w, "errors", errors, root);
    jw_member_integer(w, "errors_left_out", errors ? (int64_t)errors->dropped : 0);
    write_texts(w, "features", s, strategy_feature_count, strategy_feature_name);
    jw_key(w, "warmup_candles");
    if (s)
        jw_integer(w, strategy_warmup(s));
    else
        jw_null(w);
    write_texts(w, "symbols", s, strategy_symbol_count, strategy_symbol);
    write_texts(w, "other_symbols", s, strategy_other_count, strategy_other_symbol);
    write_ext(w, s);
    jw_member_text(w, "timeframe",
                   s && strategy_timeframe_us(s) > 0 ? timeframe_name(strategy_timeframe_us(s))
                                                     : NULL);
    write_metrics(w, s);
    jnode_free(root);
}
