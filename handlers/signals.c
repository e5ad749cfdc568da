/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/signals: wishes to trade that come from outside. */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "handlers/commands.h"
#include "handlers/view.h"
#include "http/field.h"
#include "http/query.h"
#include "http/respond.h"

enum {
    SIGNAL_AGE_MAX_MS = 24 * 3600 * 1000
};

static const struct ratio whole = {INT64_C(1000000000000)}, tenth = {INT64_C(100000000000)};
static const char *const actions[] = {"entry", "exit", NULL};
static const char *const directions[] = {"long", "short", NULL};
/* In the order of enum sizing_kind; the volatility of a symbol is a strategy's own. */
static const char *const sizings[] = {"fixed_base", "fixed_quote", "equity_pct", "risk_pct", NULL};

static enum err wrong(struct request *rq, const char *pointer, const char *sentence)
{
    diag_add(request_diags(rq), pointer, err_code(ERR_FIELD), "%s", sentence);
    return ERR_FIELD;
}

/* What was there of fields that exclude or need one another. */
struct signal_fields {
    int action, direction, sizing;
    bool has_sizing, has_size, has_notional, has_stop, has_stop_pct, has_target, has_target_pct,
        has_expiry, has_age;
    struct size size;
    struct money notional;
    int64_t expires_wall_us, max_age_ms;
    bool validate_only;
};

static enum err parse_signal(struct request *rq, struct command *c, struct signal_fields *f)
{
    struct outside_signal *s = &c->signal;
    const struct field sizing[] = {
        field_required(typed_word("type", &f->sizing, sizings)),
        field_required(typed_ratio("value", &s->sizing.value)),
        typed_money("max_quote", &s->sizing.max_quote),
    };
    const struct field fields[] = {
        field_required(typed_text("strategy", c->name, sizeof c->name)),
        field_required(typed_text("symbol", c->symbol, sizeof c->symbol)),
        field_required(typed_word("action", &f->action, actions)),
        typed_word("direction", &f->direction, directions),
        typed_ratio("confidence", &s->confidence),
        field_present(typed_object("sizing", sizing, COUNT_OF(sizing)), &f->has_sizing),
        field_present(typed_size("size", &f->size), &f->has_size),
        field_present(typed_money("notional", &f->notional), &f->has_notional),
        field_present(typed_price("stop_loss", &s->stop_loss), &f->has_stop),
        field_present(typed_price("take_profit", &s->take_profit), &f->has_target),
        field_present(typed_ratio("stop_loss_pct", &s->stop_loss_pct), &f->has_stop_pct),
        field_present(typed_ratio("take_profit_pct", &s->take_profit_pct), &f->has_target_pct),
        typed_text("reason", c->reason, sizeof c->reason),
        field_present(typed_time("expires_at", &f->expires_wall_us), &f->has_expiry),
        field_present(typed_integer("max_age_ms", &f->max_age_ms, 1, SIGNAL_AGE_MAX_MS),
                      &f->has_age),
        typed_bool("validate_only", &f->validate_only),
    };

    return field_parse(rq, fields, COUNT_OF(fields));
}

/* Artifacts' names have the same letters: one name is one strategy. */
static bool is_strategy_name(const char *name)
{
    for (; *name; name++) {
        bool is_word = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
                       (*name >= '0' && *name <= '9');

        if (!is_word && !strchr(" ._+-", *name))
            return false;
    }
    return true;
}

/* Percentages are fractions: 2 is 200 %, which nobody means. */
static bool is_fraction(struct ratio r, double most)
{
    return ratio_to_double(r) <= most;
}

static enum err check_levels(struct request *rq, const struct outside_signal *s,
                             const struct signal_fields *f)
{
    static const char fraction[] = "Percentages are fractions: 2 % is 0.02; at most 0.5 here.";
    enum err e = ERR_OK;

    if (f->has_stop && f->has_stop_pct)
        e = wrong(rq, "/stop_loss_pct", "Give either stop_loss or stop_loss_pct.");
    if (f->has_target && f->has_target_pct)
        e = wrong(rq, "/take_profit_pct", "Give either take_profit or take_profit_pct.");
    if (!is_fraction(s->stop_loss_pct, 0.5))
        e = wrong(rq, "/stop_loss_pct", fraction);
    if (!is_fraction(s->take_profit_pct, 0.5))
        e = wrong(rq, "/take_profit_pct", fraction);
    if (!is_fraction(s->confidence, 1))
        e = wrong(rq, "/confidence", "confidence must be more than 0 and at most 1.");
    return e;
}

static enum err check_sizing(struct request *rq, const struct outside_signal *s,
                             const struct signal_fields *f)
{
    bool is_share = f->has_sizing && f->sizing >= SIZING_EQUITY_PCT;

    if (f->has_sizing + f->has_size + f->has_notional > 1)
        return wrong(rq, "/sizing", "Give one of sizing, size and notional.");
    if (is_share && !is_fraction(s->sizing.value, f->sizing == SIZING_EQUITY_PCT ? 1 : 0.5))
        return wrong(rq, "/sizing/value", "A share of equity is a fraction: 2 % is 0.02.");
    return ERR_OK;
}

/* An exit has nothing to size or protect. */
static enum err check_action(struct request *rq, const struct signal_fields *f)
{
    if (f->action == SIGNAL_ENTRY && f->direction < 0) {
        diag_add(request_diags(rq), "/direction", "field_required",
                 "direction is required for an entry.");
        return ERR_FIELD;
    }
    if (f->action == SIGNAL_EXIT &&
        (f->has_sizing || f->has_size || f->has_notional || f->has_stop || f->has_stop_pct ||
         f->has_target || f->has_target_pct))
        return wrong(rq, "/action",
                     "An exit closes the whole position: it takes no size and no "
                     "levels.");
    if (f->has_expiry && f->has_age)
        return wrong(rq, "/max_age_ms", "Give either expires_at or max_age_ms.");
    return ERR_OK;
}

static enum err check_signal(struct request *rq, const struct command *c,
                             const struct signal_fields *f)
{
    enum err first = ERR_OK;
    const enum err all[] = {
        is_strategy_name(c->name)
            ? ERR_OK
            : wrong(rq, "/strategy", "A name has letters, digits, blanks, '.', '_', '+' and '-'."),
        handlers_check_symbol(rq, c->symbol),
        check_levels(rq, &c->signal, f),
        check_sizing(rq, &c->signal, f),
        check_action(rq, f),
    };

    for (size_t i = 0; i < COUNT_OF(all) && !first; i++)
        first = all[i];
    return first ? request_fail(rq, first, "The signal has %zu mistake%s; see errors.",
                                request_diags(rq)->count, request_diags(rq)->count == 1 ? "" : "s")
                 : ERR_OK;
}

static void fill_signal(struct command *c, const struct signal_fields *f)
{
    struct outside_signal *s = &c->signal;
    int64_t now_us = clock_monotonic_us();

    s->action = (enum signal_action)f->action;
    s->direction = f->direction == 1 ? DIRECTION_SHORT : DIRECTION_LONG;
    if (f->has_sizing)
        s->sizing.kind = (enum sizing_kind)f->sizing;
    if (f->has_size)
        s->sizing =
            (struct sizing){.kind = SIZING_FIXED_BASE, .value = (struct ratio){f->size.e12}};
    if (f->has_notional)
        s->sizing =
            (struct sizing){.kind = SIZING_FIXED_QUOTE, .value = (struct ratio){f->notional.e12}};
    if (f->has_age)
        s->expires_us = now_us + f->max_age_ms * US_PER_MS;
    /* Counted on a clock that nobody sets; one that has passed is still told as expired. */
    if (f->has_expiry) {
        s->expires_us = now_us + (f->expires_wall_us - clock_wall_us());
        if (s->expires_us < 1)
            s->expires_us = 1;
    }
    c->validate_only = f->validate_only;
}

static enum err answer_signal(struct request *rq, int status, const struct command_reply *reply)
{
    struct jwriter w;
    struct text body;

    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    jw_object(&w);
    jw_key(&w, "signal");
    if (reply->has_signal)
        view_signal(&w, &reply->signal);
    else
        jw_null(&w);
    jw_key(&w, "order");
    if (reply->has_order)
        view_order(&w, &reply->order, handlers_mode(rq));
    else
        jw_null(&w);
    jw_object_end(&w);
    if (reply->has_signal && reply->signal.id)
        respond_header(rq, "Location", "/v1/signals/%lld", (long long)reply->signal.id);
    return respond_take(rq, status, MEDIA_JSON, &body);
}

/* What the engine refused before anything was done may be asked again with the same key. */
static bool is_untouched(enum err e)
{
    return e == ERR_NOT_RUNNING || e == ERR_NO_FEED || e == ERR_NAME_TAKEN || e == ERR_NOT_ACTIVE ||
           e == ERR_CONFLICT || e == ERR_FIELD;
}

/* POST /v1/signals: a wish from outside, judged as a rule's wish is. */
enum err signals_create(struct request *rq)
{
    struct command c = {.kind = COMMAND_SIGNAL};
    struct signal_fields f = {.direction = -1};
    struct command_reply *reply;
    bool is_pending = false;
    enum err e = query_parse(rq, NULL, 0);

    /* As an artifact that does not say. */
    c.signal.confidence = whole;
    c.signal.sizing = (struct sizing){.kind = SIZING_EQUITY_PCT, .value = tenth};
    if (!e)
        e = parse_signal(rq, &c, &f);
    if (!e)
        e = check_signal(rq, &c, &f);
    if (e)
        return e;
    fill_signal(&c, &f);
    reply = xcalloc(1, sizeof *reply);
    e = command_run(rq, &c, reply, &is_pending);
    if (c.validate_only || is_untouched(e))
        rq->executed = false;
    if (!e)
        e = answer_signal(rq, c.validate_only ? 200 : is_pending ? 202 : 201, reply);
    free(reply);
    return e;
}

/* GET /v1/signals/{id} */
enum err signals_get(struct request *rq)
{
    struct handlers *h = handlers_of(rq);
    struct signal s;
    int64_t id = 0;
    struct jwriter w;
    struct text body;
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = handlers_id(rq, &id);
    if (!e)
        e = store_signal(h->store, h->account, id, &s);
    if (e)
        return e;
    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    view_signal(&w, &s);
    return respond_take(rq, 200, MEDIA_JSON, &body);
}
