/* SPDX-License-Identifier: Apache-2.0 */
/* When rules fire, and what the venue then does. */
#include "sandbox/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/amount_text.h"
#include "sandbox/funding.h"
#include "sandbox/margin.h"
#include "sandbox/match.h"
#include "sandbox/rules.h"
#include "sandbox/trade.h"

enum {
    LINE_MAX = 512
};

struct box_faults *faults_new(uint64_t seed)
{
    struct box_faults *f = xcalloc(1, sizeof *f);

    f->seed = seed;
    return f;
}

void faults_free(struct box_faults *f)
{
    if (!f)
        return;
    free(f->rules);
    free(f);
}

bool fault_is_of_request(enum fault_action a)
{
    return a <= FAULT_MAINTENANCE;
}

bool fault_is_state(enum fault_action a)
{
    return a >= FAULT_LAG && a <= FAULT_HALT;
}

/* Forgets the rules that are done. */
static void forget_done(struct box_faults *f)
{
    size_t kept = 0;

    for (size_t i = 0; i < f->count; i++)
        if (!f->rules[i].is_done)
            f->rules[kept++] = f->rules[i];
    f->count = kept;
}

static enum err too_much(struct diag_list *diags, int line)
{
    struct diag *d = diag_add(diags, "faults", "too_much",
                              "a line has more than %d bytes, or there are more than %d rules",
                              LINE_MAX - 1, LIMIT_BOX_FAULTS);

    d->line = line;
    return ERR_LIMIT;
}

enum err box_faults_add(struct box *b, const char *text, int64_t wall_us, struct diag_list *diags)
{
    struct box_faults *f = b->faults;
    const int64_t now_us = box_market_at(b, wall_us);
    struct box_faults added = {.seed = f->seed};
    struct fault_rule rule;
    enum err e = ERR_OK;
    char line[LINE_MAX];

    for (int number = 1; !e && *text; number++) {
        const size_t length = strcspn(text, "\n");
        bool is_rule;

        if (length >= sizeof line || added.count == LIMIT_BOX_FAULTS) {
            e = too_much(diags, number);
            break;
        }
        memcpy(line, text, length);
        line[length] = 0;
        if (length > 0 && line[length - 1] == '\r')
            line[length - 1] = 0;
        e = fault_parse_line(line, now_us, diags, &rule, &added.seed, &is_rule);
        if (e && diags && diags->count > 0)
            diags->items[diags->count - 1].line = number;
        if (!e && is_rule) {
            added.rules = xrealloc(added.rules, (added.count + 1) * sizeof rule);
            added.rules[added.count++] = rule;
        }
        text += length + (text[length] == '\n');
    }
    if (!e && f->count + added.count > LIMIT_BOX_FAULTS)
        forget_done(f);
    if (!e && f->count + added.count > LIMIT_BOX_FAULTS)
        e = too_much(diags, 0);
    if (!e && added.count > 0) {
        f->rules = xrealloc(f->rules, (f->count + added.count) * sizeof rule);
        memcpy(f->rules + f->count, added.rules, added.count * sizeof rule);
        f->count += added.count;
    }
    if (!e)
        f->seed = added.seed;
    free(added.rules);
    return e;
}

/* ---- Symbols ---- */

static bool is_pair(const struct box_pair *p, const char *symbol)
{
    char unified[3 * LIMIT_ASSET];

    if (strcmp(symbol, "*") == 0)
        return true;
    (void)snprintf(unified, sizeof unified, p->market == BOX_SPOT ? "%s/%s" : "%s/%s:%s", p->base,
                   p->quote, p->quote);
    return strcmp(unified, symbol) == 0;
}

/* ---- Deeds ---- */

static void end_orders(struct box *b, const char *symbol, enum box_status status)
{
    for (size_t i = b->live_count; i > 0; i--) {
        /* An OCO's end takes two out at once. */
        if (i > b->live_count)
            continue;
        if (is_pair(&b->pairs[book_order(b, b->live[i - 1])->pair], symbol))
            trade_end(b, book_order(b, b->live[i - 1]), status);
    }
}

static void trade_by_hand(struct box *b, size_t pair, const struct fault_deed *d)
{
    const struct box_pair *p = &b->pairs[pair];
    struct box_order o = {.pair = pair,
                          .side = d->side,
                          .type = BOX_MARKET,
                          .original = BOX_MARKET,
                          .leg = b->is_dual && p->market == BOX_USDM
                                     ? d->side == BOX_BUY ? BOX_LONG : BOX_SHORT
                                     : BOX_BOTH,
                          .created_us = b->now_us,
                          .updated_us = b->now_us,
                          .working_us = b->now_us};
    struct box_order *added;

    if (size_to_step(d->size, p->rules.lot, ROUND_DOWN, &o.size) || o.size.e12 == 0 ||
        size_cmp(o.size, p->rules.size_max) > 0)
        return;
    if (p->market == BOX_SPOT && d->side == BOX_SELL &&
        book_asset(b, BOX_SPOT, p->base)->free.e12 < o.size.e12)
        return;
    (void)snprintf(o.client_id, sizeof o.client_id, "web_%lld", (long long)b->orders.count + 1);
    (void)copy_text(o.trade_prevention, sizeof o.trade_prevention, "NONE");
    added = book_add(b, &o);
    if (added)
        match_arrive(b, added);
}

static void act(struct box *b, const struct fault_deed *d)
{
    if (d->action == FAULT_CANCEL_ORDERS)
        end_orders(b, d->symbol, BOX_CANCELED);
    if (d->action == FAULT_EXPIRE_ORDERS)
        end_orders(b, d->symbol, BOX_EXPIRED);
    for (size_t i = 0; i < b->pair_count; i++) {
        if (!is_pair(&b->pairs[i], d->symbol))
            continue;
        if (d->action == FAULT_LIQUIDATE && b->pairs[i].market == BOX_USDM)
            margin_liquidate(b, i);
        else if (d->action == FAULT_MANUAL)
            trade_by_hand(b, i, d);
        else if (d->action == FAULT_FUNDING && b->pairs[i].market == BOX_USDM)
            funding_pay(b, i, d->rate, PRICE_ZERO);
        else if (d->action == FAULT_LOT)
            rules_set_lot(&b->pairs[i].rules, d->size);
        else if (d->action == FAULT_MAX_SIZE)
            b->pairs[i].rules.size_max = d->size;
        else if (d->action == FAULT_HALT || d->action == FAULT_RESUME)
            b->pairs[i].is_halted = d->action == FAULT_HALT;
    }
}

enum err faults_replay(struct box *b, const char *deed)
{
    struct fault_deed d;

    if (fault_parse_deed(deed, NULL, &d))
        return ERR_SYNTAX;
    act(b, &d);
    return ERR_OK;
}

static void act_and_record(struct box *b, const struct fault_deed *d, bool ends,
                           struct box_answer *a)
{
    struct fault_deed deed = *d;
    struct jwriter w;

    if (ends) {
        deed.action = FAULT_RESUME;
        (void)snprintf(deed.text, sizeof deed.text, "resume(%s)", deed.symbol);
    }
    jwriter_init(&w, JSTYLE_COMPACT, &a->record);
    jw_object(&w);
    jw_member_integer(&w, "market", b->now_us);
    jw_member_integer(&w, "wall", b->wall_us);
    jw_member_text(&w, "event", deed.text);
    jw_object_end(&w);
    text_char(&a->record, '\n');
    act(b, &deed);
}

/* ---- When ---- */

/* Rules that act at a time: the venue's own deeds and halts. */
static bool is_timed(const struct fault_rule *r)
{
    return !r->is_done && (!fault_is_of_request(r->deed.action)) &&
           (r->deed.action >= FAULT_HALT) && (r->trigger <= FAULT_EVERY);
}

static int64_t due_us(const struct box *b, const struct fault_rule *r)
{
    if (r->deed.action == FAULT_HALT && r->end_us != INT64_MIN)
        return r->end_us;
    return r->trigger == FAULT_ALWAYS ? b->now_us : r->at_us;
}

int64_t faults_next_us(const struct box *b)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < b->faults->count; i++) {
        const struct fault_rule *r = &b->faults->rules[i];

        if (is_timed(r) && due_us(b, r) < next)
            next = due_us(b, r);
    }
    return next;
}

static void fire_timed(struct box *b, struct fault_rule *r, struct box_answer *a)
{
    const bool ends = r->deed.action == FAULT_HALT && r->end_us != INT64_MIN;

    act_and_record(b, &r->deed, ends, a);
    r->fired += !ends;
    if (r->deed.action == FAULT_HALT && !ends && r->lasts_us > 0) {
        r->end_us = b->now_us + r->lasts_us;
        return;
    }
    r->end_us = INT64_MIN;
    if (r->trigger == FAULT_EVERY)
        r->at_us += r->every_us;
    else
        r->is_done = true;
}

void faults_fire(struct box *b, struct box_answer *a)
{
    for (size_t i = 0; i < b->faults->count; i++) {
        struct fault_rule *r = &b->faults->rules[i];

        if (is_timed(r) && due_us(b, r) <= b->now_us)
            fire_timed(b, r, a);
    }
}

/* True while a rule with a window, or for ever, holds. */
static bool holds(const struct fault_rule *r, int64_t now_us)
{
    int64_t start_us;

    if (r->is_done)
        return false;
    switch (r->trigger) {
    case FAULT_ALWAYS:
        return true;
    case FAULT_AT:
        return now_us >= r->at_us && (r->lasts_us == 0 || now_us < r->at_us + r->lasts_us);
    case FAULT_EVERY:
        start_us = now_us - (now_us - r->at_us) % r->every_us;
        return now_us >= r->at_us && now_us < start_us + r->lasts_us;
    default:
        return false;
    }
}

void faults_apply_states(struct box *b)
{
    b->query_lag_us = 0;
    b->clock_error_us = 0;
    b->tells_twice = b->tells_backwards = false;
    for (size_t i = 0; i < b->faults->count; i++) {
        const struct fault_rule *r = &b->faults->rules[i];

        if (!fault_is_state(r->deed.action) || !holds(r, b->now_us))
            continue;
        if (r->deed.action == FAULT_LAG)
            b->query_lag_us = r->deed.duration_us;
        else if (r->deed.action == FAULT_CLOCK)
            b->clock_error_us += r->deed.duration_us;
        else if (r->deed.action == FAULT_DUPLICATE_TRADES)
            b->tells_twice = true;
        else if (r->deed.action == FAULT_REVERSE_TRADES)
            b->tells_backwards = true;
    }
}

/* ---- Requests ---- */

static enum fault_scope scope_of(const struct box_request *rq)
{
    bool has_path;
    const struct route *route = call_route(rq->method, rq->path, &has_path);
    const bool is_get = strcmp(rq->method, "GET") == 0;

    if (is_get)
        return route && route->security != CALL_PUBLIC ? FAULT_QUERY : FAULT_MARKET;
    if (strcmp(rq->method, "DELETE") == 0)
        return FAULT_CANCEL;
    return strstr(rq->path, "rder") ? FAULT_ORDER : FAULT_ANY;
}

static bool is_in_scope(const struct fault_rule *r, const struct box_request *rq)
{
    if (r->scope == FAULT_ANY)
        return true;
    if (r->scope == FAULT_PATH)
        return strcmp(r->method, rq->method) == 0 && strcmp(r->path, rq->path) == 0;
    return scope_of(rq) == r->scope;
}

/* A number in [0, 1) as a count of 10^-12. */
static i128 draw(struct box_faults *f)
{
    uint64_t x = f->seed += UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    return (i128)(x >> 1) * AMOUNT_ONE / ((i128)1 << 63);
}

static bool fires_on_request(struct box *b, struct fault_rule *r, int64_t now_us)
{
    switch (r->trigger) {
    case FAULT_CHANCE:
        return draw(b->faults) < r->chance.e12;
    case FAULT_NEXT:
        if (r->left > 0 && --r->left == 0)
            r->is_done = true;
        return true;
    case FAULT_ALWAYS:
        return true;
    case FAULT_AT:
        if (r->lasts_us > 0)
            return holds(r, now_us);
        r->is_done = now_us >= r->at_us;
        return r->is_done;
    case FAULT_EVERY:
        if (r->lasts_us > 0)
            return holds(r, now_us);
        if (now_us < r->at_us)
            return false;
        r->at_us += (now_us - r->at_us) / r->every_us * r->every_us + r->every_us;
        return true;
    }
    return false;
}

static void add_to_plan(const struct fault_deed *d, struct box_plan *plan)
{
    switch (d->action) {
    case FAULT_DROP_REQUEST:
        plan->drop_request = true;
        break;
    case FAULT_DROP_ANSWER:
        plan->drop_answer = true;
        break;
    case FAULT_DELAY_REQUEST:
        plan->before_us += d->duration_us > 0 ? d->duration_us : 0;
        break;
    case FAULT_DELAY_ANSWER:
        plan->after_us += d->duration_us > 0 ? d->duration_us : 0;
        break;
    case FAULT_TWICE:
        plan->twice = true;
        break;
    case FAULT_PARTIAL:
        /* A share of nothing is told from no fault by the smallest one. */
        plan->part.e12 = d->rate.e12 > 0 ? d->rate.e12 : 1;
        break;
    case FAULT_MAINTENANCE:
        plan->status = 503;
        (void)copy_text(plan->answer, sizeof plan->answer, "<html>Service Unavailable</html>");
        break;
    case FAULT_HTTP:
    case FAULT_EXECUTE_HTTP:
        plan->status = d->status;
        plan->executes = d->action == FAULT_EXECUTE_HTTP;
        plan->retry_after_s = d->status == 429 ? 1 : d->status == 418 ? 120 : 0;
        (void)copy_text(plan->answer, sizeof plan->answer, d->answer);
        break;
    default:
        break;
    }
}

void box_plan(struct box *b, const struct box_request *rq, int64_t wall_us, struct box_plan *out)
{
    const int64_t now_us = box_market_at(b, wall_us);
    struct box_plan plan = {0};

    for (size_t i = 0; i < b->faults->count; i++) {
        struct fault_rule *r = &b->faults->rules[i];

        if (r->is_done || !fault_is_of_request(r->deed.action) || !is_in_scope(r, rq) ||
            !fires_on_request(b, r, now_us))
            continue;
        r->fired++;
        add_to_plan(&r->deed, &plan);
    }
    *out = plan;
}

void faults_on_request(struct box *b, const struct box_request *rq, struct box_answer *a)
{
    for (size_t i = 0; i < b->faults->count; i++) {
        struct fault_rule *r = &b->faults->rules[i];

        if (r->is_done || r->deed.action < FAULT_HALT || r->trigger < FAULT_CHANCE ||
            !is_in_scope(r, rq) || !fires_on_request(b, r, b->now_us))
            continue;
        r->fired++;
        act_and_record(b, &r->deed, false, a);
    }
}

void box_faults_clear(struct box *b, struct box_answer *answer)
{
    const struct fault_deed all = {.action = FAULT_HALT, .symbol = "*"};

    b->faults->count = 0;
    act_and_record(b, &all, true, answer);
}
