/* SPDX-License-Identifier: Apache-2.0 */
/* POST and PATCH of /v1/orders: orders by hand, judged as every entry is, and their replacement. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "handlers/commands.h"
#include "handlers/denials.h"
#include "handlers/view.h"
#include "http/field.h"
#include "http/query.h"
#include "http/respond.h"

static const char *const sides[] = {"buy", "sell", NULL};
static const char *const types[] = {"market", "limit", NULL};
static const char *const lives[] = {"gtc", "ioc", "fok", NULL}; /* as LIFE_GTC to LIFE_FOK */

static enum err wrong(struct request *rq, const char *pointer, const char *sentence)
{
    diag_add(request_diags(rq), pointer, err_code(ERR_FIELD), "%s", sentence);
    return ERR_FIELD;
}

/* What was there of fields that exclude or need one another. */
struct order_fields {
    int side, type, life;
    bool has_size, has_notional, has_limit, has_stop, has_target, has_expiry, is_post_only;
};

static enum err parse_order(struct request *rq, struct command *c, struct order_fields *f)
{
    struct order_request *o = &c->order;
    const struct field fields[] = {
        typed_text("client_order_id", o->label, sizeof o->label),
        field_required(typed_text("symbol", c->symbol, sizeof c->symbol)),
        field_required(typed_word("side", &f->side, sides)),
        field_required(typed_word("type", &f->type, types)),
        field_present(typed_size("size", &o->size), &f->has_size),
        field_present(typed_money("notional", &o->notional), &f->has_notional),
        field_present(typed_price("limit_price", &o->limit_price), &f->has_limit),
        field_present(typed_price("stop_price", &o->stop_loss), &f->has_stop),
        field_present(typed_price("take_profit", &o->take_profit), &f->has_target),
        typed_word("time_in_force", &f->life, lives),
        typed_bool("post_only", &f->is_post_only),
        typed_bool("reduce_only", &o->reduce_only),
        field_present(typed_time("expires_at", &o->expires_us), &f->has_expiry),
        typed_text("reason", c->reason, sizeof c->reason),
        typed_bool("validate_only", &c->validate_only),
    };

    return field_parse(rq, fields, COUNT_OF(fields));
}

static enum err check_price(struct request *rq, const struct order_fields *f)
{
    if (f->type == 1 && !f->has_limit)
        return wrong(rq, "/limit_price", "A limit order needs limit_price.");
    if (f->type == 0 && f->has_limit)
        return wrong(rq, "/limit_price", "A market order has no limit_price.");
    if (f->type == 0 && f->has_expiry)
        return wrong(rq, "/expires_at", "A market order does not rest, so it cannot expire.");
    return ERR_OK;
}

static enum err check_life(struct request *rq, const struct order_fields *f)
{
    const bool is_market = f->type == 0, is_immediate = f->life != LIFE_GTC;

    if (is_market && is_immediate)
        return wrong(rq, "/time_in_force",
                     "A market order executes at once as it is; ioc and fok are of limit orders.");
    if (is_market && f->is_post_only)
        return wrong(rq, "/post_only",
                     "A market order takes; only a limit order can be post_only.");
    if (is_immediate && f->is_post_only)
        return wrong(rq, "/post_only",
                     "An ioc or fok order takes at once; a post_only order has to rest: gtc.");
    if (is_immediate && f->has_expiry)
        return wrong(rq, "/expires_at", "An ioc or fok order does not rest, so it cannot expire.");
    return ERR_OK;
}

static enum err check_size(struct request *rq, const struct order_request *o,
                           const struct order_fields *f)
{
    if (f->has_size && f->has_notional)
        return wrong(rq, "/notional", "Give either size or notional.");
    if (!f->has_size && !f->has_notional && !o->reduce_only)
        return wrong(rq, "/size", "An order that opens needs size or notional.");
    return ERR_OK;
}

static enum err check_levels(struct request *rq, const struct order_request *o,
                             const struct order_fields *f)
{
    enum err e = ERR_OK;

    if (o->reduce_only && f->has_stop)
        e = wrong(rq, "/stop_price", "The position that is reduced has its stop already.");
    if (o->reduce_only && f->has_target)
        e = wrong(rq, "/take_profit", "The position that is reduced has its target already.");
    return e;
}

static enum err check_order(struct request *rq, const struct command *c,
                            const struct order_fields *f)
{
    enum err first = ERR_OK;
    const enum err all[] = {
        handlers_check_symbol(rq, c->symbol),
        check_price(rq, f),
        check_life(rq, f),
        check_size(rq, &c->order, f),
        check_levels(rq, &c->order, f),
    };

    for (size_t i = 0; i < COUNT_OF(all) && !first; i++)
        first = all[i];
    return first ? request_fail(rq, first, "The order has %zu mistake%s; see errors.",
                                request_diags(rq)->count, request_diags(rq)->count == 1 ? "" : "s")
                 : ERR_OK;
}

static enum err check_enabled(struct request *rq)
{
    if (handlers_of(rq)->manual_orders)
        return ERR_OK;
    return request_fail(rq, ERR_ORDERS_OFF, "Set `manual_orders` in the configuration.");
}

/* ---- Answers ---- */

static enum err answer_order(struct request *rq, const struct order *o)
{
    char version[ORDER_VERSION];
    struct jwriter w;
    struct text body;

    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    view_order(&w, o, handlers_mode(rq));
    order_version(o, version);
    respond_header(rq, "ETag", "\"%s\"", version);
    respond_header(rq, "Location", "/v1/orders/%lld", (long long)o->id);
    return respond_take(rq, 201, MEDIA_JSON, &body);
}

/* Accepted; the order is there when the engine has come to it. */
static enum err answer_pending(struct request *rq, const struct command_reply *reply)
{
    struct jwriter w;
    struct text body;

    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    jw_object(&w);
    jw_key(&w, "order");
    if (reply->has_order)
        view_order(&w, &reply->order, handlers_mode(rq));
    else
        jw_null(&w);
    jw_object_end(&w);
    return respond_take(rq, 202, MEDIA_JSON, &body);
}

static enum err answer_judged(struct request *rq, const struct signal *s)
{
    struct money notional = MONEY_ZERO;
    struct jwriter w;
    struct text body;

    if (notional_of(s->price, s->size, ROUND_HALF_EVEN, &notional))
        notional = MONEY_ZERO;
    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    jw_object(&w);
    jw_member_text(&w, "decision", signal_decision_name(s->denials ? SIGNAL_DENIED : s->decision));
    denials_view(&w, "denials", s->denials);
    jw_member_text(&w, "symbol", s->symbol);
    jw_member_text(&w, "side", side_name(s->side));
    jw_member_price(&w, "price", s->price, -1);
    jw_member_size(&w, "size", s->size, -1);
    jw_member_size(&w, "size_asked", s->size_asked, -1);
    jw_member_money(&w, "notional", notional, -1);
    jw_object_end(&w);
    return respond_take(rq, 200, MEDIA_JSON, &body);
}

/* What the engine refused before anything was done may be asked again with the same key; that our
 * own risk check said no is on record, but for what no order can be. */
static bool is_untouched(enum err e, const struct command_reply *reply)
{
    if (e == ERR_RISK_DENIED)
        return (reply->signal.denials & (DENIED_LOT_SIZE | DENIED_TICK_SIZE | DENIED_NO_POSITION));
    return e != ERR_OK;
}

static enum err run_order(struct request *rq, const struct command *c)
{
    struct command_reply *reply = xcalloc(1, sizeof *reply);
    bool is_pending = false;
    enum err e = command_run(rq, c, reply, &is_pending);

    if (e == ERR_RISK_DENIED)
        denials_tell(rq, reply->signal.denials);
    if (c->validate_only || is_untouched(e, reply))
        rq->executed = false;
    if (!e && c->validate_only && reply->has_signal)
        e = answer_judged(rq, &reply->signal);
    else if (!e && !is_pending && reply->has_order)
        e = answer_order(rq, &reply->order);
    else if (!e)
        e = answer_pending(rq, reply);
    free(reply);
    return e;
}

/* ---- Placing ---- */

/* One at a time, so that a label that the database does not have yet is seen by the engine. */
static pthread_mutex_t placing = PTHREAD_MUTEX_INITIALIZER;

/* The engine knows the labels of orders that live or have ended lately; the database all others. */
static enum err check_label(struct request *rq, const char *label)
{
    struct handlers *h = handlers_of(rq);
    struct list_query q = {.account = h->account,
                           .client_order_id = label,
                           .from_us = TIME_NONE,
                           .to_us = TIME_NONE,
                           .limit = 1};
    struct order *rows = NULL;
    size_t count = 0;
    bool more = false;
    enum err e;

    if (!label[0])
        return ERR_OK;
    e = store_orders(h->store, &q, &rows, &count, &more);
    free(rows);
    if (e)
        return e;
    return count == 0 ? ERR_OK
                      : request_fail(rq, ERR_DUPLICATE_ORDER,
                                     "An order of this account has this client_order_id already.");
}

/* POST /v1/orders: an order by hand. */
enum err orders_create(struct request *rq)
{
    struct command c = {.kind = COMMAND_PLACE_ORDER, .order = {.expires_us = TIME_NONE}};
    struct order_fields f = {0};
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = check_enabled(rq);
    if (!e)
        e = parse_order(rq, &c, &f);
    if (!e)
        e = check_order(rq, &c, &f);
    if (e)
        return e;
    c.order.side = f.side == 0 ? SIDE_BUY : SIDE_SELL;
    c.order.type = f.type == 1 ? ORDER_LIMIT : ORDER_MARKET;
    c.order.life = f.is_post_only ? LIFE_POST_ONLY : (enum order_life)f.life;
    pthread_mutex_lock(&placing);
    e = check_label(rq, c.order.label);
    if (!e)
        e = run_order(rq, &c);
    pthread_mutex_unlock(&placing);
    return e;
}

/* ---- Replacing ---- */

/* The version that If-Match names; what is no version of ours matches none. */
static enum err read_version(struct request *rq, char out[ORDER_VERSION])
{
    const char *p = rq->headers.if_match;

    if (!p)
        return request_fail(rq, ERR_VERSION_REQUIRED,
                            "Send `If-Match` with the ETag of GET /v1/orders/{id}.");
    p += strspn(p, " \t");
    out[0] = '\0';
    if (strcmp(p, "*") == 0)
        return ERR_OK;
    copy_text(out, ORDER_VERSION, "none");
    if (p[0] == '"' && strcspn(p + 1, "\"") == ORDER_VERSION - 1) {
        memcpy(out, p + 1, ORDER_VERSION - 1);
        out[ORDER_VERSION - 1] = '\0';
    }
    return ERR_OK;
}

/* The engine forgets ended orders: the database still knows what became of this one. */
static enum err tell_ended(struct request *rq, int64_t id, enum err e)
{
    struct handlers *h = handlers_of(rq);
    struct order o;

    if (e != ERR_NOT_FOUND && e != ERR_NOT_REPLACEABLE)
        return e;
    if (store_order(h->store, h->account, id, &o) || !order_is_final(o.status))
        return e;
    return request_fail(rq, ERR_NOT_REPLACEABLE, "The order is %s.", order_status_name(o.status));
}

/* PATCH /v1/orders/{id}: another order in the place of a resting one. */
enum err orders_replace(struct request *rq)
{
    struct command c = {.kind = COMMAND_REPLACE_ORDER, .order = {.expires_us = TIME_NONE}};
    bool has_size = false, has_limit = false;
    const struct field fields[] = {
        field_present(typed_size("size", &c.order.size), &has_size),
        field_present(typed_price("limit_price", &c.order.limit_price), &has_limit),
        typed_text("reason", c.reason, sizeof c.reason),
    };
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = handlers_id(rq, &c.id);
    if (!e)
        e = check_enabled(rq);
    if (!e)
        e = field_parse(rq, fields, COUNT_OF(fields));
    if (!e && !has_size && !has_limit)
        e = wrong(rq, "/size", "Give size, limit_price or both.");
    if (!e)
        e = read_version(rq, c.order.version);
    if (!e)
        e = run_order(rq, &c);
    return e ? tell_ended(rq, c.id, e) : ERR_OK;
}
