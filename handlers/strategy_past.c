/* SPDX-License-Identifier: Apache-2.0 */
/* Takes the past of a strategy from the newest snapshot. */
#include "handlers/strategy_past.h"

#include <string.h>

/* A value that holds for every symbol; a symbol's own says nothing of the others. */
static const struct ext_value *find(const struct snapshot *s, const char *name)
{
    for (size_t i = 0; i < s->ext_value_count; i++)
        if (!s->ext_values[i].symbol[0] && strcmp(s->ext_values[i].name, name) == 0)
            return &s->ext_values[i];
    return NULL;
}

void strategy_past_init(struct strategy_past *p, struct engine *engine, const struct strategy *s)
{
    struct snapshot *now = engine_snapshot(engine);

    memset(p, 0, sizeof *p);
    p->shift_us = now->account.feed_shift_us;
    p->until_us = now->account.cursor_us == TIME_NONE ? INT64_MAX : now->account.cursor_us;
    for (size_t i = 0; i < strategy_ext_count(s) && i < LIMIT_FEATURES; i++) {
        const struct ext_value *v = find(now, strategy_ext_name(s, i));

        if (!v)
            continue;
        p->points[i] = (struct ext_point){.at_us = v->at_us, .value = v->value};
        p->ext[i] = (struct ext_series){.points = &p->points[i], .count = 1};
    }
    snapshot_release(now);
}
