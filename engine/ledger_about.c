/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves about the log itself: what was wrong in it, what others attested of it. */
#include "engine/ledger_about.h"

#include "core/amount_text.h"
#include "engine/ledger_build.h"

/* A price at the tick's decimals; one that was computed may have more. */
static void member_price(struct jwriter *w, const char *key, struct price price,
                         const struct instrument *i)
{
    bool fits = price.e12 % amount_power(AMOUNT_DECIMALS - i->price_scale) == 0;

    jw_member_price(w, key, price, fits ? i->price_scale : -1);
}

enum err ledger_correct(const struct leaf_context *context, const struct correction *c,
                        const struct instrument *i, struct leaf *out)
{
    struct leaf_build b;
    struct jwriter *w = ledger_begin(&b, LEAF_CORRECT, context);

    jw_member_text(w, "kind", "adopt");
    jw_member_money(w, "pnl", c->pnl, i->money_scale);
    ledger_id_text(w, "position_id", c->position_id);
    member_price(w, "price", c->price, i);
    ledger_clean(w, "reason", c->reason);
    jw_member_text(w, "side", side_name(c->side));
    ledger_held(w, "size", c->size, i);
    ledger_clean(w, "strategy_id", c->strategy_id);
    jw_member_text(w, "symbol", c->symbol);
    return ledger_finish(&b, out);
}

void about_note(const struct correction_note *n, struct text *out)
{
    struct jwriter w;

    jwriter_init(&w, JSTYLE_CANONICAL, out);
    jw_object(&w);
    ledger_clean(&w, "actor", n->actor);
    jw_member_integer(&w, "index", n->index);
    jw_member_text(&w, "kind", "note");
    jw_member_digest(&w, "leaf_hash", &n->leaf_hash);
    ledger_clean(&w, "reason", n->reason);
    ledger_clean(&w, "replacement", n->replacement);
    jw_object_end(&w);
}

void about_anchor(const struct anchor_leaf *a, struct text *out)
{
    struct jwriter w;

    jwriter_init(&w, JSTYLE_CANONICAL, out);
    jw_object(&w);
    jw_member_digest(&w, "checkpoint", &a->checkpoint);
    jw_key(&w, "evidence");
    jw_array(&w);
    for (size_t i = 0; i < a->count; i++) {
        jw_object(&w);
        jw_member_digest(&w, "digest", &a->items[i].digest);
        jw_member_text(&w, "kind", a->items[i].kind);
        ledger_clean(&w, "source", a->items[i].source);
        jw_object_end(&w);
    }
    jw_array_end(&w);
    jw_member_integer(&w, "size", (int64_t)a->size);
    jw_object_end(&w);
}
