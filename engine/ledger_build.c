/* SPDX-License-Identifier: Apache-2.0 */
/* Begins and finishes a leaf, and writes the members that many kinds have.
 *
 * Every leaf is {"<kind>": {...}, "mode", "strategy", "timestamp"} with sorted keys, so the kind's
 * place among the others depends on its name.  The writer asserts the order. */
#include "engine/ledger_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/amount_text.h"
#include "engine/verify_record.h"

enum {
    LEAF_PREFIX = 0x00 /* RFC 6962 */
};

const char *leaf_kind_name(enum leaf_kind k)
{
    static const char *const names[LEAF_KIND_COUNT_] = {
        [LEAF_GENESIS] = "genesis",     [LEAF_CONFIG] = "config",   [LEAF_CYCLE] = "cycle",
        [LEAF_SIGNAL] = "signal",       [LEAF_ORDER] = "order",     [LEAF_TRADE] = "trade",
        [LEAF_CLOSE] = "close",         [LEAF_EQUITY] = "equity",   [LEAF_CONTROL] = "control",
        [LEAF_CASH] = "cash",           [LEAF_CORRECT] = "correct", [LEAF_ANCHOR] = "anchor",
        [LEAF_STATEMENT] = "statement", [LEAF_KEY] = "key",
    };

    ASSERT(k < LEAF_KIND_COUNT_);
    return names[k];
}

void leaf_release(struct leaf *l)
{
    free(l->bytes);
    l->bytes = NULL;
    l->length = 0;
}

/* Text from outside (operators, venues): whatever is no UTF-8 becomes '?', so that every reader
 * sees the same characters; the writer escapes the rest. */
void ledger_clean(struct jwriter *w, const char *key, const char *text)
{
    struct text clean;
    size_t length, at = 0, n;
    uint32_t code;

    if (!text || text_is_utf8(text, strlen(text))) {
        jw_member_text(w, key, text);
        return;
    }
    length = strlen(text);
    text_init(&clean, length);
    while (at < length) {
        n = text_decode(text + at, length - at, &code);
        text_append(&clean, n ? text + at : "?", n ? n : 1);
        at += n ? n : 1;
    }
    jw_member_text(w, key, clean.data);
    text_release(&clean);
}

/* The three members every envelope has, those whose key sorts before the kind's or those after. */
static void write_common(struct leaf_build *b, bool before)
{
    const char *kind = leaf_kind_name(b->kind);

    if ((strcmp("mode", kind) < 0) == before)
        jw_member_text(&b->w, "mode", trading_mode_name(b->context->mode));
    if ((strcmp("strategy", kind) < 0) == before)
        ledger_clean(&b->w, "strategy", b->context->strategy);
    if ((strcmp("timestamp", kind) < 0) == before)
        jw_member_time(&b->w, "timestamp", b->context->at_us);
}

/* Up to the kind's value. */
static void begin(struct leaf_build *b, enum leaf_kind kind, const struct leaf_context *context)
{
    *b = (struct leaf_build){.context = context, .kind = kind};
    text_init(&b->text, LIMIT_LEAF_BYTES);
    jwriter_init(&b->w, JSTYLE_CANONICAL, &b->text);
    jw_object(&b->w);
    write_common(b, true);
    jw_key(&b->w, leaf_kind_name(kind));
}

/* Behind it. */
static enum err finish(struct leaf_build *b, struct leaf *out)
{
    struct leaf made = {.kind = b->kind, .at_us = b->context->at_us};

    write_common(b, false);
    jw_object_end(&b->w);
    if (!jwriter_ok(&b->w)) {
        text_release(&b->text);
        return ERR_LIMIT;
    }
    made.bytes = text_take(&b->text, &made.length);
    digest_of(made.bytes, made.length, &made.proof);
    digest_prefixed(LEAF_PREFIX, made.bytes, made.length, &made.leaf_hash);
    *out = made;
    return ERR_OK;
}

struct jwriter *ledger_begin(struct leaf_build *b, enum leaf_kind kind,
                             const struct leaf_context *context)
{
    begin(b, kind, context);
    jw_object(&b->w);
    return &b->w;
}

enum err ledger_finish(struct leaf_build *b, struct leaf *out)
{
    jw_object_end(&b->w);
    return finish(b, out);
}

enum err ledger_entry(const struct leaf_context *context, enum leaf_kind kind, const char *object,
                      size_t length, struct leaf *out)
{
    struct record_fault fault;
    struct record record;
    struct leaf_build b;
    struct leaf made;
    enum err e;

    begin(&b, kind, context);
    jw_raw(&b.w, object, length);
    e = finish(&b, &made);
    if (e)
        return e;
    if (record_parse(made.bytes, made.length, &record, &fault) || record.kind != kind) {
        leaf_release(&made);
        return ERR_INVALID;
    }
    *out = made;
    return ERR_OK;
}

/* Ids that other tools read as text: a JSON number of this size would not survive all of them. */
void ledger_id_text(struct jwriter *w, const char *key, int64_t id)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%lld", (long long)id);
    jw_member_text(w, key, text);
}

void ledger_id_or_null(struct jwriter *w, const char *key, int64_t id)
{
    if (id)
        jw_member_integer(w, key, id);
    else
        jw_member_null(w, key);
}

/* A size at the lot's decimals; what fees in the base asset left may have more. */
void ledger_held(struct jwriter *w, const char *key, struct size size, const struct instrument *i)
{
    bool fits = size.e12 % amount_power(AMOUNT_DECIMALS - i->size_scale) == 0;

    jw_member_size(w, key, size, fits ? i->size_scale : -1);
}

void ledger_line(const char *canonical, size_t length, const struct digest *proof, struct text *out)
{
    static const char member[] = ", \"proof\": \"";
    char hex[DIGEST_HEX];

    ASSERT(length >= 2 && canonical[length - 1] == '}');
    hex_print(proof->bytes, DIGEST_BYTES, hex);
    text_append(out, canonical, length - 1);
    text_append(out, member, sizeof member - 1);
    text_append(out, hex, DIGEST_HEX - 1);
    text_append(out, "\"}\n", 3);
}
