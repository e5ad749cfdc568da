/* SPDX-License-Identifier: Apache-2.0 */
/* One request through the gates (limits, key, time, signature) to its handler; and again from a
 * record. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "core/jnode.h"
#include "sandbox/call.h"
#include "sandbox/faults.h"
#include "sandbox/limits.h"
#include "sandbox/match.h"

enum {
    ANSWER_MAX = 64 * 1024 * 1024, /* all orders of a long run */
    WINDOW_DEFAULT_MS = 5000,
    WINDOW_MAX_MS = 60000
};

#define AHEAD_US US_PER_S /* so much a timestamp may lie in the future */

void box_answer_init(struct box_answer *a)
{
    *a = (struct box_answer){.content_type = "application/json;charset=UTF-8"};
    text_init(&a->body, ANSWER_MAX);
    text_init(&a->record, ANSWER_MAX);
}

void box_answer_release(struct box_answer *a)
{
    text_release(&a->body);
    text_release(&a->record);
}

/* ---- Gates ---- */

static bool check_key(struct call *c, const char *key)
{
    if (!key || !*key)
        return call_fail_status(c, 401, -2014, "API-key format invalid.");
    if (strlen(key) != strlen(c->b->key) || !bytes_equal(key, c->b->key, strlen(key)))
        return call_fail_status(c, 401, -2015, "Invalid API-key, IP, or permissions for action.");
    return true;
}

/* Milliseconds, or microseconds when it is that long. */
static bool check_time(struct call *c)
{
    int64_t stamp = 0, window_ms = WINDOW_DEFAULT_MS;
    i128 window = 0;

    if (asked_integer(&c->params, "timestamp", &stamp) != ASKED_OK)
        return call_missing(c, "timestamp");
    if (!call_amount(c, &c->params, "recvWindow", &window))
        return false;
    if (asked_get(&c->params, "recvWindow")) {
        if (window > (i128)WINDOW_MAX_MS * INT64_C(1000000000000))
            return call_fail(c, -1131, "recvWindow must be less than 60000");
        window_ms = (int64_t)(window / INT64_C(1000000000000));
    }
    if (stamp < INT64_C(100000000000000))
        stamp = stamp * US_PER_MS;
    if (stamp >= c->wall_us + AHEAD_US)
        return call_fail(c, -1021,
                         "Timestamp for this request was 1000ms ahead of the server's time.");
    if (c->wall_us - stamp > window_ms * US_PER_MS + US_PER_MS - 1)
        return call_fail(c, -1021, "Timestamp for this request is outside of the recvWindow.");
    return true;
}

static bool check_signature(struct call *c, const struct box_request *rq)
{
    const char *given = asked_get(&c->params, "signature");
    char lower[65], hex[65];

    if (!given)
        return call_missing(c, "signature");
    asked_sign(c->b->secret, rq->query, rq->body, hex);
    if (strlen(given) == 64) {
        for (size_t i = 0; i < 65; i++)
            lower[i] = given[i] >= 'A' && given[i] <= 'F' ? (char)(given[i] + 'a' - 'A') : given[i];
        if (bytes_equal(lower, hex, 64))
            return true;
    }
    return call_fail(c, -1022, "Signature for this request is not valid.");
}

static bool pass_gates(struct call *c, const struct route *r, const struct box_request *rq,
                       int64_t *retry_after_s)
{
    const int weight = asked_get(&c->params, "symbol") ? r->weight : r->weight_all;

    if (!limits_take(c, weight, retry_after_s))
        return false;
    if (r->security != CALL_PUBLIC && !check_key(c, rq->key))
        return false;
    return r->security != CALL_SIGNED || (check_signature(c, rq) && check_time(c));
}

/* ---- Answers ---- */

static void put_retry_after(struct box_answer *a, int64_t seconds)
{
    ASSERT(a->header_count < BOX_HEADERS);
    a->headers[a->header_count].name = "Retry-After";
    (void)snprintf(a->headers[a->header_count].value, sizeof a->headers[0].value, "%lld",
                   (long long)seconds);
    a->header_count++;
}

static void put_answer(struct call *c, struct box_answer *a, int64_t retry_after_s)
{
    if (c->error.status) {
        text_clear(&a->body);
        jwriter_init(&c->w, JSTYLE_COMPACT, &a->body);
        call_write_error(&c->w, &c->error);
    }
    a->status = c->error.status ? c->error.status : c->status ? c->status : 200;
    if (!jwriter_ok(&c->w)) {
        static const char full[] = "{\"code\":-1000,\"msg\":\"The answer is too long.\"}";

        text_clear(&a->body);
        text_string(&a->body, full);
        a->status = 400;
    }
    limits_headers(c, a);
    if (retry_after_s)
        put_retry_after(a, retry_after_s);
}

static enum box_market market_of(const char *path)
{
    return strncmp(path, "/fapi/", 6) == 0 ? BOX_USDM : BOX_SPOT;
}

/* A call that may have changed something, as it can be given again. */
static void record(const struct box *b, const struct box_request *rq, struct ratio part,
                   struct box_answer *a)
{
    struct jwriter w;

    jwriter_init(&w, JSTYLE_COMPACT, &a->record);
    jw_object(&w);
    jw_member_integer(&w, "market", b->now_us);
    jw_member_integer(&w, "wall", b->wall_us);
    jw_member_text(&w, "method", rq->method);
    jw_member_text(&w, "path", rq->path);
    jw_member_text(&w, "query", rq->query);
    jw_member_text(&w, "body", rq->body);
    jw_member_ratio(&w, "part", part);
    jw_object_end(&w);
    text_char(&a->record, '\n');
}

static void refuse_path(struct call *c, const struct box_request *rq, bool has_path)
{
    char message[sizeof c->error.message];
    struct text t;

    text_init(&t, sizeof message - 1);
    text_format(&t, "Path %.60s, Method %.10s is invalid", rq->path, rq->method);
    (void)copy_text(message, sizeof message, t.data ? t.data : "");
    text_release(&t);
    (void)call_fail_status(c, has_path ? 405 : 404, -5000, message);
}

static void dispatch(struct box *b, const struct box_request *rq, struct ratio part,
                     struct box_answer *a)
{
    struct call c = {.b = b, .market = market_of(rq->path)};
    int64_t retry_after_s = 0;
    bool has_path;
    const struct route *r = call_route(rq->method, rq->path, &has_path);

    c.wall_us = b->wall_us + b->clock_error_us;
    jwriter_init(&c.w, JSTYLE_COMPACT, &a->body);
    if (!r)
        refuse_path(&c, rq, has_path);
    else if (asked_parse(rq->query, rq->body, &c.params))
        call_fail(&c, -1100, "Illegal characters found in a parameter.");
    else if (b->is_replaying || pass_gates(&c, r, rq, &retry_after_s)) {
        b->part = part;
        if (strcmp(rq->method, "GET") != 0 && !b->is_replaying)
            record(b, rq, part, a);
        r->run(&c);
        b->part = (struct ratio){0};
    }
    put_answer(&c, a, retry_after_s);
    asked_release(&c.params);
}

/* ---- Time and calls ---- */

int64_t box_market_at(const struct box *b, int64_t wall_us)
{
    const int64_t wall = wall_us > b->wall_us ? wall_us : b->wall_us;
    const int64_t market_us = b->start_us + b->stepped_us +
                              (int64_t)((i128)(wall - b->start_us) * b->options.speed_milli / 1000);

    return market_us > b->now_us ? market_us : b->now_us;
}

/* Up to now, and on the way what the venue does on its own. */
void box_move(struct box *b, int64_t wall_us, struct box_answer *a)
{
    const int64_t market_us = box_market_at(b, wall_us);
    int64_t due_us;

    b->wall_us = wall_us > b->wall_us ? wall_us : b->wall_us;
    while ((due_us = faults_next_us(b)) <= market_us) {
        if (due_us > b->now_us)
            match_advance(b, due_us);
        faults_fire(b, a);
    }
    match_advance(b, market_us);
    faults_apply_states(b);
}

/* The plan's status and text in place of an answer. */
static void answer_faulty(const struct box_plan *plan, struct box_answer *a)
{
    text_clear(&a->body);
    text_string(&a->body, plan->answer);
    a->status = plan->status;
    if (plan->answer[0] == '<')
        a->content_type = "text/html";
    if (plan->retry_after_s)
        put_retry_after(a, plan->retry_after_s);
}

void box_call(struct box *b, const struct box_request *rq, const struct box_plan *plan,
              int64_t wall_us, struct box_answer *answer)
{
    const struct ratio part = plan ? plan->part : (struct ratio){0};

    box_move(b, wall_us, answer);
    faults_on_request(b, rq, answer);
    if (plan && plan->status && !plan->executes) {
        answer_faulty(plan, answer);
        return;
    }
    dispatch(b, rq, part, answer);
    if (plan && plan->twice) {
        struct box_answer second;

        box_answer_init(&second);
        dispatch(b, rq, (struct ratio){0}, &second);
        text_append(&answer->record, second.record.data ? second.record.data : "",
                    second.record.length);
        box_answer_release(&second);
    }
    if (plan && plan->status)
        answer_faulty(plan, answer);
}

void box_step(struct box *b, int64_t by_us, struct box_answer *answer)
{
    ASSERT(by_us >= 0);
    b->stepped_us += by_us;
    text_format(&answer->record, "{\"market\":%lld,\"wall\":%lld,\"step\":%lld}\n",
                (long long)b->now_us, (long long)b->wall_us, (long long)by_us);
    box_move(b, b->wall_us, answer);
}

/* ---- Records ---- */

static void print_option(struct text *out, const char *name, i128 e12)
{
    char number[AMOUNT_TEXT_MAX];

    (void)money_print((struct money){e12}, number);
    text_format(out, ",\"%s\":\"%s\"", name, number);
}

void box_header(const struct box *b, struct text *out)
{
    const struct box_options *o = &b->options;

    text_format(out, "{\"sandbox\":1,\"start\":%lld,\"speed\":%lld,\"seed\":%llu",
                (long long)b->start_us, (long long)o->speed_milli, (unsigned long long)o->seed);
    print_option(out, "quote", o->spot_quote.e12);
    print_option(out, "base", o->spot_base.e12);
    print_option(out, "margin", o->margin.e12);
    print_option(out, "fee", o->spot_fee.e12);
    print_option(out, "maker_fee", o->maker_fee.e12);
    print_option(out, "taker_fee", o->taker_fee.e12);
    print_option(out, "slippage", o->slippage.e12);
    print_option(out, "funding_rate", o->funding_rate.e12);
    text_string(out, ",\"pairs\":\"");
    for (size_t i = 0; i < b->pair_count; i++) {
        const struct box_pair *p = &b->pairs[i];

        text_format(out, "%s%s.%d.%zu.%lld.%zu", i ? " " : "", p->id, (int)p->market, p->path.count,
                    (long long)p->path.candles[0].open_us, p->funding_count);
    }
    text_string(out, "\"}\n");
}

static const char *member_text(const struct jnode *line, const char *key)
{
    const struct jnode *n = jnode_member(line, key);

    return n && jnode_is(n, J_STRING) ? jnode_text(n) : NULL;
}

static bool member_integer(const struct jnode *line, const char *key, int64_t *out)
{
    const struct jnode *n = jnode_member(line, key);

    if (!n || !jnode_is(n, J_INTEGER))
        return false;
    *out = jnode_integer(n);
    return true;
}

static enum err replay_call(struct box *b, const struct jnode *line)
{
    const struct box_request rq = {.method = member_text(line, "method"),
                                   .path = member_text(line, "path"),
                                   .query = member_text(line, "query"),
                                   .body = member_text(line, "body")};
    const char *part_text = member_text(line, "part");
    struct ratio part = {0};
    struct box_answer answer;

    if (!rq.method || !rq.path || !rq.query || !rq.body || !part_text ||
        ratio_parse(part_text, strlen(part_text), &part))
        return ERR_SYNTAX;
    box_answer_init(&answer);
    dispatch(b, &rq, part, &answer);
    box_answer_release(&answer);
    return ERR_OK;
}

enum err box_replay(struct box *b, const char *line, size_t length)
{
    struct jnode *root = NULL;
    int64_t market_us, wall_us, step_us;
    const char *event;
    enum err e = jnode_parse(line, length, "record", NULL, &root);

    if (e)
        return ERR_SYNTAX;
    if (!member_integer(root, "market", &market_us) || !member_integer(root, "wall", &wall_us)) {
        jnode_free(root);
        return ERR_SYNTAX;
    }
    b->is_replaying = true;
    b->wall_us = wall_us > b->wall_us ? wall_us : b->wall_us;
    event = member_text(root, "event");
    if (member_integer(root, "step", &step_us))
        b->stepped_us += step_us;
    match_advance(b, market_us);
    if (event)
        e = faults_replay(b, event);
    else if (!jnode_member(root, "step"))
        e = replay_call(b, root);
    b->is_replaying = false;
    jnode_free(root);
    return e;
}
