/* SPDX-License-Identifier: Apache-2.0 */
/* Reads members of the venue's objects and says which one is wrong. */
#include "exchange/binance_field.h"

#include <stdio.h>
#include <string.h>

static enum err refuse(struct diag_list *diags, const char *key, const char *wanted)
{
    (void)diag_add(diags, key, "venue_answer", "the venue's answer should have %s as '%s'", wanted,
                   key);
    return ERR_INVALID;
}

enum err binance_open(const char *json, size_t length, enum jkind kind, struct diag_list *diags,
                      struct jnode **out)
{
    struct jnode *root;
    enum err e = jnode_parse_large(json, length, LIMIT_NET_LARGE, "answer", diags, &root);

    if (e)
        return ERR_SYNTAX;
    if (!jnode_is(root, kind)) {
        (void)diag_add(diags, "answer", "venue_answer", "the venue answered %s where %s belongs",
                       jkind_name(jnode_kind(root)), jkind_name(kind));
        jnode_free(root);
        return ERR_SYNTAX;
    }
    *out = root;
    return ERR_OK;
}

enum err binance_list(const struct jnode *list, const char *name, size_t most,
                      struct diag_list *diags)
{
    if (!jnode_is(list, J_ARRAY))
        return refuse(diags, name, "a list");
    if (jnode_count(list) <= most)
        return ERR_OK;
    (void)diag_add(diags, name, "venue_answer", "the venue's list has %zu items, %zu are allowed",
                   jnode_count(list), most);
    return ERR_INVALID;
}

enum err binance_member_list(const struct jnode *object, const char *key, size_t most,
                             struct diag_list *diags, const struct jnode **out)
{
    *out = jnode_member(object, key);
    return binance_list(*out, key, most, diags);
}

bool binance_has(const struct jnode *object, const char *key)
{
    const struct jnode *n = jnode_member(object, key);

    return n && !jnode_is(n, J_NULL);
}

enum err binance_text(const struct jnode *object, const char *key, char *out, size_t capacity,
                      struct diag_list *diags)
{
    const struct jnode *n = jnode_member(object, key);

    if (!jnode_is(n, J_STRING) || jnode_text_length(n) >= capacity)
        return refuse(diags, key, "a short text");
    memcpy(out, jnode_text(n), jnode_text_length(n) + 1);
    return ERR_OK;
}

/* Digits, with a minus sign perhaps, that fit 64 bits. */
static bool whole_number(const char *text, size_t length, int64_t *out)
{
    const bool negative = length > 0 && text[0] == '-';
    int64_t value = 0;
    size_t i = negative ? 1 : 0;

    if (i == length)
        return false;
    for (; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, text[i] - '0', &value))
            return false;
    }
    *out = negative ? -value : value;
    return true;
}

enum err binance_integer(const struct jnode *object, const char *key, int64_t *out,
                         struct diag_list *diags)
{
    const struct jnode *n = jnode_member(object, key);

    if (jnode_is(n, J_INTEGER)) {
        *out = jnode_integer(n);
        return ERR_OK;
    }
    if (jnode_is(n, J_STRING) && whole_number(jnode_text(n), jnode_text_length(n), out))
        return ERR_OK;
    return refuse(diags, key, "a whole number");
}

enum err binance_id(const struct jnode *object, const char *key, char out[BINANCE_ID],
                    struct diag_list *diags)
{
    int64_t id = -1;

    if (binance_integer(object, key, &id, NULL) != ERR_OK || id < 0)
        return refuse(diags, key, "an id");
    (void)snprintf(out, BINANCE_ID, "%lld", (long long)id);
    return ERR_OK;
}

enum err binance_time(const struct jnode *object, const char *key, int64_t *us,
                      struct diag_list *diags)
{
    /* The last instant time_print knows. */
    const int64_t last_ms = INT64_C(253402300799999);
    int64_t ms = -1;

    if (binance_integer(object, key, &ms, NULL) != ERR_OK || ms < 0 || ms > last_ms)
        return refuse(diags, key, "a time in milliseconds");
    *us = ms * US_PER_MS;
    return ERR_OK;
}

enum err binance_money(const struct jnode *object, const char *key, struct money *out,
                       struct diag_list *diags)
{
    const struct jnode *n = jnode_member(object, key);

    if ((jnode_is(n, J_STRING) || jnode_is(n, J_INTEGER)) && jnode_money(n, true, out) == ERR_OK)
        return ERR_OK;
    return refuse(diags, key, "an exact decimal number");
}

enum err binance_price(const struct jnode *object, const char *key, struct price *out,
                       struct diag_list *diags)
{
    struct money m;
    enum err e = binance_money(object, key, &m, diags);

    if (!e)
        *out = (struct price){m.e12};
    return e;
}

enum err binance_size(const struct jnode *object, const char *key, struct size *out,
                      struct diag_list *diags)
{
    struct money m;
    enum err e = binance_money(object, key, &m, diags);

    if (!e)
        *out = (struct size){m.e12};
    return e;
}

#define MAY(object, key, call) (binance_has(object, key) ? (call) : ERR_OK)

enum err binance_may_id(const struct jnode *object, const char *key, char out[BINANCE_ID],
                        struct diag_list *diags)
{
    const struct jnode *n = jnode_member(object, key);

    if (jnode_is(n, J_STRING) && jnode_text_length(n) == 0)
        return ERR_OK;
    return MAY(object, key, binance_id(object, key, out, diags));
}

enum err binance_may_time(const struct jnode *object, const char *key, int64_t *us,
                          struct diag_list *diags)
{
    return MAY(object, key, binance_time(object, key, us, diags));
}

enum err binance_may_price(const struct jnode *object, const char *key, struct price *out,
                           struct diag_list *diags)
{
    return MAY(object, key, binance_price(object, key, out, diags));
}

enum err binance_may_size(const struct jnode *object, const char *key, struct size *out,
                          struct diag_list *diags)
{
    return MAY(object, key, binance_size(object, key, out, diags));
}

enum err binance_may_money(const struct jnode *object, const char *key, struct money *out,
                           struct diag_list *diags)
{
    return MAY(object, key, binance_money(object, key, out, diags));
}

enum err binance_may_ratio(const struct jnode *object, const char *key, struct ratio *out,
                           struct diag_list *diags)
{
    struct money m = {out->e12};
    enum err e = MAY(object, key, binance_money(object, key, &m, diags));

    *out = (struct ratio){m.e12};
    return e;
}

enum err binance_may_bool(const struct jnode *object, const char *key, bool *out,
                          struct diag_list *diags)
{
    const struct jnode *n = jnode_member(object, key);

    if (!binance_has(object, key))
        return ERR_OK;
    if (!jnode_is(n, J_BOOL))
        return refuse(diags, key, "true or false");
    *out = jnode_bool(n);
    return ERR_OK;
}

enum err binance_rough(const struct jnode *object, const char *key, i128 *e12,
                       struct diag_list *diags)
{
    const struct jnode *n = jnode_member(object, key);
    struct money m = {0};
    const char *point;
    size_t length;

    if (!binance_has(object, key))
        return ERR_OK;
    if (!jnode_is(n, J_STRING)) {
        enum err e = binance_money(object, key, &m, diags);

        *e12 = e ? *e12 : m.e12;
        return e;
    }
    length = jnode_text_length(n);
    point = memchr(jnode_text(n), '.', length);
    if (point && length - (size_t)(point - jnode_text(n)) - 1 > AMOUNT_DECIMALS)
        length = (size_t)(point - jnode_text(n)) + 1 + AMOUNT_DECIMALS;
    if (money_parse(jnode_text(n), length, &m) != ERR_OK)
        return refuse(diags, key, "a decimal number");
    *e12 = m.e12;
    return ERR_OK;
}
