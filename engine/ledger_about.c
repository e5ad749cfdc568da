/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves about the log itself: what was wrong in it. */
#include "core/amount_text.h"
#include "engine/ledger_build.h"

const char *correction_kind_name(enum correction_kind k)
{
    static const char *const names[CORRECTION_KIND_COUNT_] = {
        [CORRECTION_ADOPT] = "adopt", [CORRECTION_NOTE] = "note"};

    ASSERT(k < CORRECTION_KIND_COUNT_);
    return names[k];
}

/* A price at the tick's decimals; one that was computed may have more. */
static void member_price(struct jwriter *w, const char *key, struct price price,
                         const struct instrument *i)
{
    bool fits = price.e12 % amount_power(AMOUNT_DECIMALS - i->price_scale) == 0;

    jw_member_price(w, key, price, fits ? i->price_scale : -1);
}

static void write_adopt(struct jwriter *w, const struct correction *c, const struct instrument *i)
{
    jw_member_text(w, "kind", correction_kind_name(c->kind));
    jw_member_money(w, "pnl", c->pnl, i->money_scale);
    ledger_id_text(w, "position_id", c->position_id);
    member_price(w, "price", c->price, i);
    ledger_clean(w, "reason", c->reason);
    jw_member_text(w, "side", side_name(c->side));
    ledger_held(w, "size", c->size, i);
    ledger_clean(w, "strategy_id", c->strategy_id);
    jw_member_text(w, "symbol", c->symbol);
}

static void write_note(struct jwriter *w, const struct correction *c)
{
    ledger_clean(w, "actor", c->actor);
    jw_member_integer(w, "index", c->index);
    jw_member_text(w, "kind", correction_kind_name(c->kind));
    jw_member_digest(w, "leaf_hash", &c->leaf_hash);
    ledger_clean(w, "reason", c->reason);
    ledger_clean(w, "replacement", c->replacement);
}

enum err ledger_correct(const struct leaf_context *context, const struct correction *c,
                        const struct instrument *i, struct leaf *out)
{
    struct leaf_build b;
    struct jwriter *w = ledger_begin(&b, LEAF_CORRECT, context);

    if (c->kind == CORRECTION_ADOPT)
        write_adopt(w, c, i);
    else
        write_note(w, c);
    return ledger_finish(&b, out);
}
