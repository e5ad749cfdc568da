/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the lines of a fault script. */
#include "sandbox/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/amount_text.h"
#include "sandbox/rules.h"

/* How an action's arguments are read. */
enum shape {
    SHAPE_NONE,
    SHAPE_DURATION, /* (500ms) */
    SHAPE_HTTP,     /* (503), (503, text), (-1003) */
    SHAPE_RATE,     /* (0.4) */
    SHAPE_SYMBOL,   /* (BTC/USDT) or (*) */
    SHAPE_TRADE,    /* (BTC/USDT, SELL, 0.01) */
    SHAPE_FUNDING,  /* (BTC/USDT:USDT, 0.0003) */
    SHAPE_SIZE      /* (BTC/USDT, 0.01) */
};

static const struct {
    const char *name;
    enum shape shape;
} actions[FAULT_ACTION_COUNT_] = {
    [FAULT_DROP_REQUEST] = {"drop_req", SHAPE_NONE},
    [FAULT_DROP_ANSWER] = {"drop_resp", SHAPE_NONE},
    [FAULT_DELAY_REQUEST] = {"delay_req", SHAPE_DURATION},
    [FAULT_DELAY_ANSWER] = {"delay_resp", SHAPE_DURATION},
    [FAULT_TWICE] = {"dup_req", SHAPE_NONE},
    [FAULT_HTTP] = {"http", SHAPE_HTTP},
    [FAULT_EXECUTE_HTTP] = {"exec_http", SHAPE_HTTP},
    [FAULT_PARTIAL] = {"partial", SHAPE_RATE},
    [FAULT_MAINTENANCE] = {"maintenance", SHAPE_NONE},
    [FAULT_LAG] = {"lag_query", SHAPE_DURATION},
    [FAULT_CLOCK] = {"clock_step", SHAPE_DURATION},
    [FAULT_DUPLICATE_TRADES] = {"dup_fills", SHAPE_NONE},
    [FAULT_REVERSE_TRADES] = {"reorder_fills", SHAPE_NONE},
    [FAULT_HALT] = {"halt", SHAPE_SYMBOL},
    [FAULT_CANCEL_ORDERS] = {"cancel", SHAPE_SYMBOL},
    [FAULT_EXPIRE_ORDERS] = {"expire", SHAPE_SYMBOL},
    [FAULT_LIQUIDATE] = {"liquidate", SHAPE_SYMBOL},
    [FAULT_MANUAL] = {"manual_trade", SHAPE_TRADE},
    [FAULT_FUNDING] = {"funding", SHAPE_FUNDING},
    [FAULT_LOT] = {"lot", SHAPE_SIZE},
    [FAULT_MAX_SIZE] = {"max_size", SHAPE_SIZE},
    [FAULT_RESUME] = {"resume", SHAPE_SYMBOL},
};

/* What http(-CODE) answers: Binance's status and words. */
static const struct {
    int code, status;
    const char *message;
} known[] = {
    {-1000, 400, "An unknown error occurred while processing the request."},
    {-1001, 400, "Internal error; unable to process your request. Please try again."},
    {-1003, 429, "Too many requests; please use the websocket for live updates."},
    {-1006, 400,
     "An unexpected response was received from the message bus. Execution status "
     "unknown."},
    {-1007, 408,
     "Timeout waiting for response from backend server. Send status unknown; execution "
     "status unknown."},
    {-1008, 503,
     "Server is currently overloaded with other requests. Please try again in a few "
     "minutes."},
    {-1015, 429, "Too many new orders; current limit is 100 orders per 10 SECOND."},
    {-1016, 400, "This service is no longer available."},
    {-1021, 400, "Timestamp for this request is outside of the recvWindow."},
    {-1022, 400, "Signature for this request is not valid."},
    {-2010, 400, "Account has insufficient balance for requested action."},
    {-2011, 400, "Unknown order sent."},
    {-2013, 400, "Order does not exist."},
    {-2015, 401, "Invalid API-key, IP, or permissions for action."},
    {-2018, 400, "Balance is insufficient."},
    {-2019, 400, "Margin is insufficient."},
    {-2021, 400, "Order would immediately trigger."},
    {-2022, 400, "ReduceOnly Order is rejected."},
};

struct reader {
    const char *at;
    struct diag_list *diags;
    const char *line;
};

static enum err wrong(const struct reader *r, const char *what, const char *hint)
{
    struct diag *d = diag_add(r->diags, "faults", "fault_syntax", "%s: %s", r->line, what);

    d->column = (int)(r->at - r->line) + 1;
    diag_hint(d, "%s", hint);
    return ERR_SYNTAX;
}

static void skip_blanks(struct reader *r)
{
    r->at += strspn(r->at, " \t");
}

static bool take(struct reader *r, const char *word)
{
    const size_t length = strlen(word);

    skip_blanks(r);
    if (strncmp(r->at, word, length) != 0)
        return false;
    r->at += length;
    return true;
}

static bool take_amount(struct reader *r, i128 *e12)
{
    size_t length;

    skip_blanks(r);
    length = strspn(r->at, "-0123456789.");
    if (length == 0 || amount_parse(r->at, length, e12))
        return false;
    r->at += length;
    return true;
}

static bool take_integer(struct reader *r, int64_t *out)
{
    i128 e12;

    if (!take_amount(r, &e12) || e12 % AMOUNT_ONE != 0 || e12 / AMOUNT_ONE > INT32_MAX ||
        e12 / AMOUNT_ONE < INT32_MIN)
        return false;
    *out = (int64_t)(e12 / AMOUNT_ONE);
    return true;
}

/* "500ms", "10s", "5m", "2h", with a sign and decimals. */
static enum err take_duration(struct reader *r, int64_t *us)
{
    static const char hint[] = "a duration is like 500ms, 10s, 5m or 2h";
    int64_t unit;
    i128 e12;

    if (!take_amount(r, &e12))
        return wrong(r, "a duration is expected here", hint);
    if (take(r, "ms"))
        unit = US_PER_MS;
    else if (take(r, "s"))
        unit = US_PER_S;
    else if (take(r, "m"))
        unit = 60 * US_PER_S;
    else if (take(r, "h"))
        unit = 3600 * US_PER_S;
    else
        return wrong(r, "a unit is missing", hint);
    if (e12 > 1000000 * AMOUNT_ONE || e12 < -1000000 * AMOUNT_ONE)
        return wrong(r, "the duration is too long", hint);
    *us = (int64_t)(e12 * unit / AMOUNT_ONE);
    return ERR_OK;
}

static bool take_word(struct reader *r, char *out, size_t capacity, const char *ends)
{
    size_t length;

    skip_blanks(r);
    length = strcspn(r->at, ends);
    while (length > 0 && (r->at[length - 1] == ' ' || r->at[length - 1] == '\t'))
        length--;
    if (length == 0 || length >= capacity)
        return false;
    memcpy(out, r->at, length);
    out[length] = 0;
    r->at += length;
    return true;
}

/* ---- Arguments ---- */

static enum err take_http(struct reader *r, struct fault_deed *d)
{
    int64_t number = 0;
    const char *end = strrchr(r->at, ')');

    if (!take_integer(r, &number))
        return wrong(r, "a status or a code is expected",
                     "http(503), http(503, text), http(-1003)");
    if (number < 0) {
        for (size_t i = 0; i < COUNT_OF(known); i++)
            if (known[i].code == number) {
                d->status = known[i].status;
                (void)snprintf(d->answer, sizeof d->answer, "{\"code\":%d,\"msg\":\"%s\"}",
                               known[i].code, known[i].message);
                return ERR_OK;
            }
        return wrong(r, "the code has no message of its own",
                     "http(400, {\"code\":-1,\"msg\":\"\"})");
    }
    if (number < 200 || number > 599)
        return wrong(r, "a status is between 200 and 599", "http(503)");
    d->status = (int)number;
    (void)snprintf(d->answer, sizeof d->answer, "<html><body>%d</body></html>", d->status);
    if (!take(r, ","))
        return ERR_OK;
    skip_blanks(r);
    if (!end || (size_t)(end - r->at) >= sizeof d->answer)
        return wrong(r, "the text is too long", "at most 255 bytes");
    memcpy(d->answer, r->at, (size_t)(end - r->at));
    d->answer[end - r->at] = 0;
    r->at = end;
    return ERR_OK;
}

static enum err take_trade(struct reader *r, struct fault_deed *d)
{
    static const char hint[] = "manual_trade(BTC/USDT, SELL, 0.01)";

    if (!take_word(r, d->symbol, sizeof d->symbol, ",)") || !take(r, ","))
        return wrong(r, "a symbol is expected", hint);
    if (take(r, "BUY"))
        d->side = BOX_BUY;
    else if (take(r, "SELL"))
        d->side = BOX_SELL;
    else
        return wrong(r, "BUY or SELL is expected", hint);
    if (!take(r, ",") || !take_amount(r, &d->size.e12) || d->size.e12 <= 0)
        return wrong(r, "a size is expected", hint);
    return ERR_OK;
}

static enum err take_arguments(struct reader *r, enum shape shape, struct fault_deed *d)
{
    switch (shape) {
    case SHAPE_NONE:
        return ERR_OK;
    case SHAPE_DURATION:
        return take_duration(r, &d->duration_us);
    case SHAPE_HTTP:
        return take_http(r, d);
    case SHAPE_TRADE:
        return take_trade(r, d);
    case SHAPE_RATE:
        if (!take_amount(r, &d->rate.e12) || d->rate.e12 < 0 || d->rate.e12 >= AMOUNT_ONE)
            return wrong(r, "a share between 0 and 1 is expected", "partial(0.4)");
        return ERR_OK;
    case SHAPE_SYMBOL:
        if (!take_word(r, d->symbol, sizeof d->symbol, ",)"))
            return wrong(r, "a symbol is expected", "cancel(BTC/USDT), cancel(*)");
        return ERR_OK;
    case SHAPE_FUNDING:
        if (!take_word(r, d->symbol, sizeof d->symbol, ",)") || !take(r, ",") ||
            !take_amount(r, &d->rate.e12) || d->rate.e12 > AMOUNT_ONE || d->rate.e12 < -AMOUNT_ONE)
            return wrong(r, "a symbol and a rate are expected", "funding(BTC/USDT:USDT, 0.0003)");
        return ERR_OK;
    case SHAPE_SIZE:
        if (!take_word(r, d->symbol, sizeof d->symbol, ",)") || !take(r, ",") ||
            !take_amount(r, &d->size.e12) || d->size.e12 <= 0 ||
            d->size.e12 > RULES_SIZE_MAX * AMOUNT_ONE)
            return wrong(r, "a symbol and a size are expected", "lot(BTC/USDT, 0.001)");
        return ERR_OK;
    }
    return ERR_OK;
}

static enum err take_deed(struct reader *r, struct fault_deed *d)
{
    const char *start;
    char name[32];
    enum err e;

    skip_blanks(r);
    start = r->at;
    if (!take_word(r, name, sizeof name, "( \t"))
        return wrong(r, "an action is expected", "drop_resp, http(503), cancel(*)");
    for (int i = 0; i < FAULT_ACTION_COUNT_; i++) {
        if (strcmp(actions[i].name, name) != 0)
            continue;
        d->action = (enum fault_action)i;
        if (actions[i].shape != SHAPE_NONE) {
            if (!take(r, "("))
                return wrong(r, "arguments are expected", "like http(503)");
            e = take_arguments(r, actions[i].shape, d);
            if (e)
                return e;
            if (!take(r, ")"))
                return wrong(r, "a closing bracket is expected", "like http(503)");
        }
        if ((size_t)(r->at - start) >= sizeof d->text)
            return wrong(r, "the action is too long", "at most 319 bytes");
        memcpy(d->text, start, (size_t)(r->at - start));
        d->text[r->at - start] = 0;
        return ERR_OK;
    }
    return wrong(r, "there is no such action", "docs/sandbox.md lists them");
}

enum err fault_parse_deed(const char *text, struct diag_list *diags, struct fault_deed *out)
{
    struct reader r = {.at = text, .line = text, .diags = diags};
    struct fault_deed d = {0};
    const enum err e = take_deed(&r, &d);

    if (e)
        return e;
    *out = d;
    return ERR_OK;
}

/* ---- Lines ---- */

static enum err take_trigger(struct reader *r, int64_t now_us, struct fault_rule *rule)
{
    if (take(r, "always")) {
        rule->trigger = FAULT_ALWAYS;
        return ERR_OK;
    }
    if (take(r, "at ")) {
        rule->trigger = FAULT_AT;
        if (take_duration(r, &rule->at_us))
            return ERR_SYNTAX;
        rule->at_us += now_us;
        return rule->at_us >= now_us ? ERR_OK : wrong(r, "it lies in the past", "at 10s");
    }
    if (take(r, "every ")) {
        rule->trigger = FAULT_EVERY;
        if (take_duration(r, &rule->every_us))
            return ERR_SYNTAX;
        rule->at_us = now_us + rule->every_us;
        return rule->every_us > 0 ? ERR_OK : wrong(r, "it must be above zero", "every 60s");
    }
    if (take(r, "p=")) {
        rule->trigger = FAULT_CHANCE;
        return take_amount(r, &rule->chance.e12) && rule->chance.e12 >= 0 &&
                       rule->chance.e12 <= AMOUNT_ONE
                   ? ERR_OK
                   : wrong(r, "a chance is between 0 and 1", "p=0.03");
    }
    if (take(r, "next ")) {
        rule->trigger = FAULT_NEXT;
        return take_integer(r, &rule->left) && rule->left > 0
                   ? ERR_OK
                   : wrong(r, "a number is expected", "next 2");
    }
    return wrong(r, "a trigger is expected", "always, at 10s, every 60s, p=0.03, next 2");
}

static enum err take_scope(struct reader *r, struct fault_rule *rule)
{
    static const char *const names[] = {"any", "order", "cancel", "query", "market"};
    char word[8];

    if (!take(r, "on "))
        return ERR_OK;
    if (!take_word(r, word, sizeof word, " \t:"))
        return wrong(r, "a scope is expected", "any, order, cancel, query, market, POST /path");
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(names[i], word) == 0) {
            rule->scope = (enum fault_scope)i;
            return ERR_OK;
        }
    rule->scope = FAULT_PATH;
    (void)copy_text(rule->method, sizeof rule->method, word);
    if (!take_word(r, rule->path, sizeof rule->path, " \t:") || rule->path[0] != '/')
        return wrong(r, "a path is expected", "on POST /api/v3/order");
    return ERR_OK;
}

enum err fault_parse_line(const char *line, int64_t now_us, struct diag_list *diags,
                          struct fault_rule *out, uint64_t *seed, bool *is_rule)
{
    struct reader r = {.at = line, .line = line, .diags = diags};
    struct fault_rule rule = {.end_us = INT64_MIN};
    int64_t number;
    enum err e;

    *is_rule = false;
    skip_blanks(&r);
    if (!*r.at || *r.at == '#')
        return ERR_OK;
    if (take(&r, "seed ")) {
        if (!take_integer(&r, &number) || number < 0)
            return wrong(&r, "a number is expected", "seed 42");
        *seed = (uint64_t)number;
        return ERR_OK;
    }
    e = take_trigger(&r, now_us, &rule);
    if (!e)
        e = take_scope(&r, &rule);
    if (!e && !take(&r, ":"))
        e = wrong(&r, "a colon is expected before the action", "next 1 on order : drop_resp");
    if (!e)
        e = take_deed(&r, &rule.deed);
    if (!e && take(&r, "for "))
        e = take_duration(&r, &rule.lasts_us);
    skip_blanks(&r);
    if (!e && *r.at && *r.at != '#')
        e = wrong(&r, "this is too much", "one rule a line");
    if (!e && fault_is_state(rule.deed.action) && rule.deed.action != FAULT_HALT &&
        rule.trigger > FAULT_EVERY)
        e = wrong(&r, "what lasts begins at a time", "always, at 10s, every 60s");
    if (!e && rule.lasts_us < 0)
        e = wrong(&r, "a duration is above zero", "for 30s");
    if (e)
        return e;
    *out = rule;
    *is_rule = true;
    return ERR_OK;
}
