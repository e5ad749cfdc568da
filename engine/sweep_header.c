/* SPDX-License-Identifier: Apache-2.0 */
/* The header of a sweep: everything its rows depend on, as one line of JSON, and back. */
#include <stdlib.h>
#include <string.h>

#include "core/jnode.h"
#include "core/jwriter.h"
#include "engine/sweep_parts.h"

static const char header_mark[] = "traderd_sweep";

/* ---- Writing ---- */

static void write_limits(struct jwriter *w, const struct risk_limits *l)
{
    jw_member_ratio(w, "min_confidence", l->min_confidence);
    jw_member_ratio(w, "max_position_ratio", l->max_position_ratio);
    jw_member_ratio(w, "max_exposure_ratio", l->max_exposure_ratio);
    jw_member_ratio(w, "max_drawdown", l->max_drawdown);
    jw_member_money(w, "max_order_notional", l->max_order_notional, -1);
    jw_member_integer(w, "max_open_positions", l->max_open_positions);
    jw_member_ratio(w, "cash_reserve", l->cash_reserve);
    jw_member_bool(w, "stop_loss_required", l->stop_loss_required);
}

static void write_terms(struct jwriter *w, const struct trial_terms *t)
{
    jw_key(w, "terms");
    jw_object(w);
    jw_member_money(w, "starting_equity", t->starting_equity, -1);
    jw_member_ratio(w, "fee_rate", t->fee_rate);
    if (t->fee_in != FEE_IN_QUOTE)
        jw_member_text(w, "fee_in", fee_in_name(t->fee_in));
    jw_member_ratio(w, "slippage", t->slippage);
    jw_member_ratio(w, "slippage_tolerance", t->slippage_tolerance);
    jw_member_ratio(w, "volume_cap", t->volume_cap);
    jw_member_text(w, "intrabar", intrabar_name(t->intrabar));
    jw_member_text(w, "limit_fill", t->limit_fill == LIMIT_FILL_THROUGH ? "through" : "touch");
    jw_member_integer(w, "delay_candles", t->delay_candles);
    write_limits(w, &t->limits);
    jw_object_end(w);
}

void sweep_header_write(const struct sweep_definition *d, struct text *out)
{
    const struct backtest_options *o = d->options;
    struct jwriter w;

    jwriter_init(&w, JSTYLE_COMPACT, out);
    jw_object(&w);
    jw_member_integer(&w, header_mark, 1);
    jw_member_text(&w, "version", d->version);
    jw_member_text(&w, "strategy", strategy_name(o->strategies[0]));
    jw_key(&w, "set");
    jw_array(&w);
    for (size_t i = 0; i < d->set_count; i++)
        jw_text(&w, d->sets[i]);
    jw_array_end(&w);
    jw_member_integer(&w, "random", d->random);
    jw_member_integer(&w, "seed", d->seed);
    jw_member_text(&w, "objective", sweep_metric_name(d->objective));
    jw_member_integer(&w, "min_trades", d->min_trades);
    jw_member_ratio(&w, "train", o->split);
    jw_member_integer(&w, "from_us", o->from_us);
    jw_member_integer(&w, "to_us", o->to_us);
    jw_member_text(&w, "candles", d->feed_id);
    write_terms(&w, &o->terms);
    backtest_write_instruments(&w, o);
    jw_key(&w, "shard");
    jw_array(&w);
    jw_integer(&w, d->shard);
    jw_integer(&w, d->shard_count);
    jw_array_end(&w);
    jw_key(&w, "artifact");
    jw_text_n(&w, d->artifact, d->artifact_length);
    jw_object_end(&w);
}

/* ---- Comparing ---- */

static bool is_same(const struct jnode *a, const struct jnode *b)
{
    struct text left, right;
    bool same;

    if (!a || !b)
        return a == b;
    text_init(&left, SWEEP_HEADER_BYTES);
    text_init(&right, SWEEP_HEADER_BYTES);
    jnode_print_sorted(a, &left);
    jnode_print_sorted(b, &right);
    same = left.length == right.length && memcmp(left.data, right.data, left.length) == 0;
    text_release(&left);
    text_release(&right);
    return same;
}

bool sweep_header_differs(const char *mine, const char *theirs, bool with_shard,
                          char member[LIMIT_NAME])
{
    struct jnode *a = NULL, *b = NULL;
    bool differs = jnode_parse(mine, strlen(mine), "header", NULL, &a) ||
                   jnode_parse(theirs, strlen(theirs), "header", NULL, &b);
    void *it = NULL;
    const char *key;
    const struct jnode *value;

    (void)copy_text(member, LIMIT_NAME, "header");
    while (!differs && jnode_next(a, &it, &key, &value)) {
        if (!with_shard && strcmp(key, "shard") == 0)
            continue;
        differs = !is_same(value, jnode_member(b, key));
        (void)copy_text(member, LIMIT_NAME, key);
    }
    jnode_free(a);
    jnode_free(b);
    return differs;
}

/* ---- Reading ---- */

static bool take_integer(const struct jnode *n, int64_t least, int64_t *out)
{
    if (!jnode_is(n, J_INTEGER) || jnode_integer(n) < least)
        return false;
    *out = jnode_integer(n);
    return true;
}

/* The id is of all but the shard: shards of one sweep share it. */
static void make_id(struct sweep_plan *p, const struct jnode *root)
{
    struct text t;
    struct digest digest;
    void *it = NULL;
    const char *key;
    const struct jnode *value;

    text_init(&t, 2 * SWEEP_HEADER_BYTES);
    while (jnode_next(root, &it, &key, &value)) {
        if (strcmp(key, "shard") == 0)
            continue;
        text_format(&t, "%s\n", key);
        jnode_print_sorted(value, &t);
        text_char(&t, '\n');
    }
    digest_of(t.data, t.length, &digest);
    hex_print(digest.bytes, DIGEST_BYTES, p->id);
    text_release(&t);
}

static bool take_members(struct sweep_plan *p, const struct jnode *root, int64_t *random)
{
    const struct jnode *artifact = jnode_member(root, "artifact");
    const struct jnode *strategy = jnode_member(root, "strategy");
    const struct jnode *objective = jnode_member(root, "objective");
    const struct jnode *shard = jnode_member(root, "shard");
    const struct jnode *train = jnode_member(root, "train");
    struct strategy *parsed = NULL;
    int64_t mark, seed;

    if (!take_integer(jnode_member(root, header_mark), 1, &mark) || mark != 1 ||
        !jnode_is(artifact, J_STRING) || !jnode_is(strategy, J_STRING) ||
        !jnode_is(objective, J_STRING) || !jnode_is(train, J_STRING) ||
        sweep_metric_parse(jnode_text(objective), &p->objective) || !jnode_is(shard, J_ARRAY) ||
        jnode_count(shard) != 2 || !take_integer(jnode_item(shard, 0), 1, &p->shard) ||
        !take_integer(jnode_item(shard, 1), p->shard, &p->shard_count) ||
        !take_integer(jnode_member(root, "random"), 0, random) ||
        !take_integer(jnode_member(root, "seed"), 0, &seed) ||
        !take_integer(jnode_member(root, "min_trades"), 0, &p->min_trades) ||
        strategy_parse(jnode_text(artifact), jnode_text_length(artifact), false, NULL, &parsed))
        return false;
    strategy_release(parsed); /* only that places in its text can be relied upon */
    p->splits = strcmp(jnode_text(train), "0") != 0;
    p->seed = (uint64_t)seed;
    p->artifact_length = jnode_text_length(artifact);
    p->artifact = xstrndup(jnode_text(artifact), p->artifact_length);
    (void)copy_text(p->strategy, sizeof p->strategy, jnode_text(strategy));
    return true;
}

static enum err take_axes(struct sweep_plan *p, const struct jnode *set, struct diag_list *diags)
{
    if (!jnode_is(set, J_ARRAY) || jnode_count(set) == 0) {
        diag_hint(diag_add(diags, "--set", "required", "there is nothing to sweep"),
                  "give --set NAME=A..B:STEP or NAME=V,V,V for params of the artifact");
        return ERR_INVALID;
    }
    for (size_t i = 0; i < jnode_count(set); i++) {
        const struct jnode *item = jnode_item(set, i);
        enum err e =
            jnode_is(item, J_STRING) ? sweep_axis_add(p, jnode_text(item), diags) : ERR_INVALID;

        if (e)
            return e;
    }
    return ERR_OK;
}

enum err sweep_plan_new(const char *header, size_t length, struct diag_list *diags,
                        struct sweep_plan **out)
{
    struct sweep_plan *p = xcalloc(1, sizeof *p);
    struct jnode *root = NULL;
    int64_t random = 0;
    enum err e = jnode_parse(header, length, "header", NULL, &root);

    if (e || !jnode_is(root, J_OBJECT) || !take_members(p, root, &random)) {
        (void)diag_add(diags, "header", "invalid", "this is not the header of a sweep");
        e = ERR_INVALID;
    }
    if (!e)
        e = take_axes(p, jnode_member(root, "set"), diags);
    if (!e)
        e = sweep_count(p, random, diags);
    if (!e)
        make_id(p, root);
    jnode_free(root);
    if (e)
        sweep_plan_free(p);
    else
        *out = p;
    return e;
}
