/* SPDX-License-Identifier: Apache-2.0 */
/* The reason template: literal text and "{expression:.Nf}", filled in when a signal is given. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rule_parse.h"
#include "engine/strategy_parts.h"

enum {
    DECIMALS = 4
}; /* without ":.Nf" */

void trigger_release(struct trigger *t)
{
    for (int i = 0; i < t->count; i++) {
        free(t->parts[i].text);
        rule_ast_free(t->parts[i].rule.ast);
    }
    t->count = 0;
}

static struct trigger_part *add_part(struct loader *l, const char *field)
{
    struct trigger *t = &l->s->trigger;

    if (t->count == TRIGGER_PARTS) {
        diag_hint(loader_error(l, field, "limit_exceeded", "the reason has too many parts"),
                  "at most %d placeholders", TRIGGER_PARTS / 2);
        return NULL;
    }
    t->parts[t->count] = (struct trigger_part){.rule.node = NODE_NONE};
    return &t->parts[t->count++];
}

/* Literal bytes; what is not printable ASCII becomes '?', once a character. */
static bool add_literal(struct loader *l, const char *field, const char *text, size_t length)
{
    struct trigger_part *part = length > 0 ? add_part(l, field) : NULL;
    size_t used = 0;

    if (!part)
        return length == 0;
    part->text = xmalloc(length + 1);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c >= 0x80 && c < 0xc0)
            continue;
        part->text[used++] = c >= 0x20 && c < 0x7f ? (char)c : '?';
        if (i + 1 < length && (c == '{' || c == '}'))
            i++; /* doubled braces stand for one */
    }
    part->text[used] = '\0';
    part->length = used;
    return true;
}

/* Splits ":.2f" off a placeholder's end; false when what follows the colon is something else. */
static bool read_format(const char *text, size_t *length, int *decimals)
{
    const char *colon = memrchr(text, ':', *length);
    size_t rest;

    *decimals = DECIMALS;
    if (!colon)
        return true;
    rest = (size_t)(text + *length - colon);
    if (memchr(colon, '"', rest) || memchr(colon, '\'', rest)) /* close of "BTC/USDT:USDT" */
        return true;
    if (rest != 4 || colon[1] != '.' || colon[2] < '0' || colon[2] > '9' || colon[3] != 'f')
        return false;
    *decimals = colon[2] - '0';
    *length = (size_t)(colon - text);
    return true;
}

/* text: what stands between the braces, `at` bytes into the field. */
static bool add_value(struct loader *l, const char *field, size_t at, const char *text,
                      size_t length)
{
    struct rule_place place = {field, (int)at, false, l->diags};
    struct trigger_part *part = add_part(l, field);
    struct rule_value value;

    if (!part)
        return false;
    if (!read_format(text, &length, &part->decimals)) {
        struct diag *d = loader_error(l, field, "format_invalid", "this format is not known");

        d->column = (int)at + 1;
        d->length = (int)length;
        diag_hint(d, "{rsi} or {rsi:.2f}, 0 to 9 decimals");
        return false;
    }
    if (rule_parse(text, length, &place, &part->rule.ast)) {
        l->mistakes++;
        return false;
    }
    value = rule_compile(&l->set, part->rule.ast, SCOPE_ENTRY, &place, TYPE_BROKEN);
    if (value.type == TYPE_SEVERAL) {
        char members[64];

        rule_members_print(&value, members);
        diag_hint(
            loader_error(l, field, "type_mismatch", "these are several values, not one number"),
            "use %s", members);
        return false;
    }
    if (value.type == TYPE_BROKEN) {
        l->mistakes++;
        return false;
    }
    part->rule.node = value.nodes[0];
    part->is_truth = value.type == TYPE_TRUTH;
    part->words = value.type == TYPE_WORD ? value.words : NULL;
    return true;
}

static void unbalanced(struct loader *l, const char *field, size_t at)
{
    struct diag *d = loader_error(l, field, "syntax", "a brace without its partner");

    d->column = (int)at + 1;
    d->length = 1;
    diag_hint(d, "{name} shows a value; {{ and }} are plain braces");
}

static void warn_of_characters(struct loader *l, const char *field, const char *text)
{
    for (const char *p = text; *p; p++) {
        if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e) {
            diag_hint(diag_add(&l->s->warnings, field, "not_printable",
                               "the reason has characters that are not printable ASCII"),
                      "each is shown as '?'");
            return;
        }
    }
}

static void split(struct loader *l, const char *field, const char *text)
{
    size_t from = 0, at = 0;

    while (text[at]) {
        const char *end;

        if ((text[at] == '{' || text[at] == '}') && text[at + 1] == text[at]) {
            at += 2;
            continue;
        }
        if (text[at] == '}') {
            unbalanced(l, field, at);
            return;
        }
        if (text[at] != '{') {
            at++;
            continue;
        }
        end = strchr(text + at, '}');
        if (!end) {
            unbalanced(l, field, at);
            return;
        }
        if (!add_literal(l, field, text + from, at - from))
            return;
        (void)add_value(l, field, at + 1, text + at + 1, (size_t)(end - text) - at - 1);
        at = (size_t)(end - text) + 1;
        from = at;
    }
    (void)add_literal(l, field, text + from, at - from);
}

/* A reason without values is put together once. */
static void settle(struct trigger *t)
{
    const struct rule_run none = {0};

    for (int i = 0; i < t->count; i++) {
        if (!t->parts[i].text)
            return;
    }
    trigger_print(t, &none, t->constant);
    t->is_constant = true;
}

void trigger_parse(struct loader *l, const char *field, const char *text)
{
    struct text normal;
    size_t length = strlen(text);

    if (length <= TRIGGER_BYTES) {
        warn_of_characters(l, field, text);
        split(l, field, text);
        settle(&l->s->trigger);
        text_init(&normal, LIMIT_JSON_BYTES);
        trigger_template(&l->s->trigger, &normal);
        length = normal.length;
        text_release(&normal);
    }
    /* The normal form, which must be acceptable too, writes out defaults. */
    if (length > TRIGGER_BYTES)
        diag_hint(loader_error(l, field, "too_long", "the reason is too long"), "at most %d bytes",
                  TRIGGER_BYTES);
}

/* A double as exact decimals, without a locale's help. */
static void print_value(const struct trigger_part *part, double value, char text[AMOUNT_TEXT_MAX])
{
    struct ratio r;

    if (isnan(value))
        (void)copy_text(text, AMOUNT_TEXT_MAX, "unknown");
    else if (part->is_truth)
        (void)copy_text(text, AMOUNT_TEXT_MAX, value != 0 ? "true" : "false");
    else if (part->words)
        (void)copy_text(text, AMOUNT_TEXT_MAX, part->words[(int)value]);
    else if (ratio_from_double(value, ROUND_HALF_EVEN, &r))
        (void)copy_text(text, AMOUNT_TEXT_MAX, "huge");
    else
        ratio_print_scale(r, part->decimals, text);
}

void trigger_print(const struct trigger *t, const struct rule_run *r, char out[LIMIT_REASON])
{
    size_t used = 0;

    for (int i = 0; i < t->count && used + 1 < LIMIT_REASON; i++) {
        const struct trigger_part *part = &t->parts[i];
        char value[AMOUNT_TEXT_MAX];
        const char *text = part->text;
        size_t length = part->length;

        if (!text) {
            print_value(part, rule_run_value(r, part->rule.node, &rule_context_unknown), value);
            text = value;
            length = strlen(value);
        }
        if (length > LIMIT_REASON - 1 - used)
            length = LIMIT_REASON - 1 - used;
        memcpy(out + used, text, length);
        used += length;
    }
    out[used] = '\0';
}

void trigger_template(const struct trigger *t, struct text *out)
{
    for (int i = 0; i < t->count; i++) {
        const struct trigger_part *part = &t->parts[i];

        for (const char *p = part->text; p && *p; p++) {
            if (*p == '{' || *p == '}')
                text_char(out, *p);
            text_char(out, *p);
        }
        if (part->rule.ast) {
            text_char(out, '{');
            rule_print(part->rule.ast, out);
            text_format(out, ":.%df}", part->decimals);
        }
    }
}
