/* SPDX-License-Identifier: Apache-2.0 */
/* A sweep's jobs: axes read from their spelling, combinations numbered, documents and ids made. */
#include "engine/sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/amount_text.h"
#include "engine/sweep_parts.h"

/* ---- Axes ---- */

static enum err bad_set(struct diag_list *diags, const char *set, const char *what)
{
    diag_hint(diag_add(diags, "--set", "invalid", "'%.80s': %s", set, what),
              "NAME=A..B:STEP, as fast=5..20:5, or NAME=V,V,V");
    return ERR_INVALID;
}

static enum err fill_range(struct sweep_axis *a, struct money from, struct money to,
                           struct money step)
{
    i128 count;

    if (step.e12 <= 0 || to.e12 < from.e12)
        return ERR_INVALID;
    count = (to.e12 - from.e12) / step.e12 + 1;
    if (count > SWEEP_VALUES)
        return ERR_LIMIT;
    a->count = (size_t)count;
    a->values = xcalloc(a->count, sizeof *a->values);
    for (size_t i = 0; i < a->count; i++)
        a->values[i].e12 = from.e12 + (i128)i * step.e12;
    return ERR_OK;
}

static enum err parse_range(struct diag_list *diags, const char *set, const char *text,
                            struct sweep_axis *a)
{
    const char *dots = strstr(text, ".."), *colon = strchr(text, ':');
    struct money from, to, step;
    enum err e;

    if (!colon || colon < dots)
        return bad_set(diags, set, "a range needs a step");
    if (money_parse(text, (size_t)(dots - text), &from) ||
        money_parse(dots + 2, (size_t)(colon - dots - 2), &to) ||
        money_parse(colon + 1, strlen(colon + 1), &step))
        return bad_set(diags, set, "a number is needed before .., behind it and behind the colon");
    e = fill_range(a, from, to, step);
    if (e == ERR_LIMIT)
        return bad_set(diags, set, "more than 10000 values");
    return e ? bad_set(diags, set, "the range must go up, and so must the step") : ERR_OK;
}

static enum err parse_list(struct diag_list *diags, const char *set, const char *text,
                           struct sweep_axis *a)
{
    size_t capacity = 1;

    for (const char *p = text; *p; p++)
        capacity += *p == ',';
    if (capacity > SWEEP_VALUES)
        return bad_set(diags, set, "more than 10000 values");
    a->values = xcalloc(capacity, sizeof *a->values);
    for (size_t i = 0; i < capacity; i++) {
        size_t length = strcspn(text, ",");

        if (money_parse(text, length, &a->values[i]))
            return bad_set(diags, set, "each value must be a number of up to 12 decimals");
        for (size_t k = 0; k < i; k++)
            if (a->values[k].e12 == a->values[i].e12)
                return bad_set(diags, set, "a value is given twice");
        a->count++;
        text += length + 1;
    }
    return ERR_OK;
}

/* Where the artifact has the value of this param. */
static bool find_param(struct sweep_plan *p, struct sweep_axis *a)
{
    const char *json = p->artifact;
    const size_t root = strspn(json, " \t\r\n");
    size_t begin, end;

    return json[root] == '{' && sweep_member(json, root, "params", &begin, &end) &&
           json[begin] == '{' && sweep_member(json, begin, a->name, &a->begin, &a->end);
}

enum err sweep_axis_add(struct sweep_plan *p, const char *set, struct diag_list *diags)
{
    const char *equals = strchr(set, '=');
    struct sweep_axis *a;

    if (p->axis_count == SWEEP_AXES)
        return bad_set(diags, set, "more than 16 params");
    if (!equals || equals == set || (size_t)(equals - set) >= sizeof a->name)
        return bad_set(diags, set, "the name of a param and = are needed first");
    a = &p->axes[p->axis_count++];
    memcpy(a->name, set, (size_t)(equals - set));
    for (size_t i = 0; i + 1 < p->axis_count; i++)
        if (strcmp(p->axes[i].name, a->name) == 0)
            return bad_set(diags, set, "this param is given twice");
    if (!find_param(p, a)) {
        diag_hint(
            diag_add(diags, "--set", "unknown_name", "the artifact has no param '%s'", a->name),
            "its `params` object must have the name, with any value");
        return ERR_INVALID;
    }
    if (strstr(equals + 1, ".."))
        return parse_range(diags, set, equals + 1, a);
    return parse_list(diags, set, equals + 1, a);
}

enum err sweep_count(struct sweep_plan *p, int64_t random, struct diag_list *diags)
{
    p->grid = 1;
    for (size_t i = 0; i < p->axis_count; i++)
        if (__builtin_mul_overflow(p->grid, (int64_t)p->axes[i].count, &p->grid) ||
            p->grid > INT64_MAX / 4) {
            (void)diag_add(diags, "--set", "limit_exceeded", "too many combinations to count");
            return ERR_LIMIT;
        }
    p->is_random = random > 0;
    p->jobs = p->is_random && random < p->grid ? random : p->grid;
    if (p->jobs <= SWEEP_JOBS)
        return ERR_OK;
    diag_hint(diag_add(diags, p->is_random ? "--random" : "--set", "limit_exceeded",
                       "%lld jobs are too many", (long long)p->jobs),
              "at most %d; --random N tries N of all combinations", SWEEP_JOBS);
    return ERR_LIMIT;
}

/* ---- Combinations ---- */

/* The last step of SplitMix64: a bijection that looks random. */
static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* A permutation of 0..grid-1 by the seed: four Feistel rounds on the next power of four, walked
 * until the result is within.  So each job knows its combination alone, and none comes twice. */
static int64_t permuted(const struct sweep_plan *p, int64_t job)
{
    unsigned half = 1;
    uint64_t x = (uint64_t)job, mask;

    while (half < 31 && (UINT64_C(1) << (2 * half)) < (uint64_t)p->grid)
        half++;
    mask = (UINT64_C(1) << half) - 1;
    do {
        uint64_t left = x >> half, right = x & mask;

        for (uint64_t round = 0; round < 4; round++) {
            const uint64_t next = left ^ (mix(right ^ mix(p->seed ^ mix(round))) & mask);

            left = right;
            right = next;
        }
        x = left << half | right;
    } while (x >= (uint64_t)p->grid);
    return (int64_t)x;
}

struct money sweep_value(const struct sweep_plan *p, int64_t job, size_t axis)
{
    int64_t rest = p->is_random ? permuted(p, job) : job;

    for (size_t i = p->axis_count; i-- > axis + 1;)
        rest /= (int64_t)p->axes[i].count;
    return p->axes[axis].values[rest % (int64_t)p->axes[axis].count];
}

void sweep_job_id(const struct sweep_plan *p, int64_t job, char id[SWEEP_ID])
{
    struct text t;
    struct digest digest;
    char hex[DIGEST_HEX], value[AMOUNT_TEXT_MAX];

    text_init(&t, LIMIT_JSON_BYTES);
    text_string(&t, p->id);
    for (size_t i = 0; i < p->axis_count; i++) {
        (void)money_print(sweep_value(p, job, i), value);
        text_format(&t, " %s=%s", p->axes[i].name, value);
    }
    digest_of(t.data, t.length, &digest);
    hex_print(digest.bytes, DIGEST_BYTES, hex);
    hex[SWEEP_ID - 1] = '\0';
    (void)copy_text(id, SWEEP_ID, hex);
    text_release(&t);
}

bool sweep_is_mine(const struct sweep_plan *p, int64_t job)
{
    return job % p->shard_count == p->shard - 1;
}

int64_t sweep_mine(const struct sweep_plan *p)
{
    return p->jobs < p->shard ? 0 : (p->jobs - p->shard) / p->shard_count + 1;
}

void sweep_document(const struct sweep_plan *p, int64_t job, struct text *out)
{
    char value[AMOUNT_TEXT_MAX];
    size_t at = 0;

    for (;;) {
        size_t next = p->axis_count;

        for (size_t i = 0; i < p->axis_count; i++)
            if (p->axes[i].begin >= at &&
                (next == p->axis_count || p->axes[i].begin < p->axes[next].begin))
                next = i;
        if (next == p->axis_count)
            break;
        (void)money_print(sweep_value(p, job, next), value);
        text_append(out, p->artifact + at, p->axes[next].begin - at);
        text_string(out, value);
        at = p->axes[next].end;
    }
    text_append(out, p->artifact + at, p->artifact_length - at);
}

void sweep_plan_free(struct sweep_plan *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->axis_count; i++)
        free(p->axes[i].values);
    free(p->artifact);
    free(p);
}
