/* SPDX-License-Identifier: Apache-2.0 */
/* What was taken over from the venue, read from the log's own bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/judge.h"

/* A member's text; every one of these leaves has it. */
static const char *member(const struct leaf *l, const char *name, char text[64])
{
    char wanted[48];
    const char *from;
    size_t n;

    (void)snprintf(wanted, sizeof wanted, "\"%s\": \"", name);
    from = strstr(l->bytes, wanted);
    ASSERT(from);
    from += strlen(wanted);
    n = strcspn(from, "\"");
    ASSERT(n < 64);
    memcpy(text, from, n);
    text[n] = '\0';
    return text;
}

bool judge_adopted(const struct judge *j, size_t *at, struct adopted *out)
{
    const struct memory_journal *m = j->journal;
    struct price price;
    struct money pnl, notional;
    struct size size;
    char text[64];

    while (*at < m->leaf_count && m->leaves[*at].kind != LEAF_CORRECT)
        (*at)++;
    if (*at == m->leaf_count)
        return false;
    member(&m->leaves[*at], "size", text);
    ASSERT(size_parse(text, strlen(text), &size) == ERR_OK);
    member(&m->leaves[*at], "price", text);
    ASSERT(price_parse(text, strlen(text), &price) == ERR_OK);
    member(&m->leaves[*at], "pnl", text);
    ASSERT(money_parse(text, strlen(text), &pnl) == ERR_OK);
    ASSERT(notional_of(price, size, ROUND_HALF_EVEN, &notional) == ERR_OK);
    *out = (struct adopted){.size = size.e12, .pnl = pnl.e12};
    out->side = strcmp(member(&m->leaves[*at], "side", text), "buy") == 0 ? 1 : -1;
    out->symbol = judge_symbol(j, member(&m->leaves[*at], "symbol", text));
    out->position_id = strtoll(member(&m->leaves[*at], "position_id", text), NULL, 10);
    out->notional = money_to_scale(notional, 8, ROUND_HALF_EVEN).e12;
    (*at)++;
    return true;
}

i128 judge_adopted_flow(const struct judge *j)
{
    struct adopted a;
    i128 sum = 0;

    for (size_t at = 0; judge_adopted(j, &at, &a);)
        sum -= a.side * a.notional;
    return sum;
}

i128 judge_differs(const struct judge *j, int symbol)
{
    i128 ours = 0, off, lot = j->instruments[symbol].lot.e12;

    for (size_t i = 0; i < j->journal->position_count; i++) {
        const struct position *p = &j->journal->positions[i];

        if (p->status == POSITION_OPEN && judge_symbol(j, p->symbol) == symbol)
            ours += (int)p->direction * p->size.e12;
    }
    off = j->held[symbol] - ours;
    if (ours == 0 || (j->instruments[symbol].is_spot && off > 0))
        return 0;
    return off - off % lot;
}
