/* SPDX-License-Identifier: Apache-2.0 */
/* The names every rule has: the prices, volume and time of its candle, and the time's words. */
#include <stdio.h>
#include <string.h>

#include "engine/rule_emit.h"
#include "engine/rule_names.h"

/* In the order of OP_SESSION's and OP_WEEKDAY's values. */
static const char *const sessions[] = {"asia", "europe", "us", "off", NULL};
static const char *const weekdays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};

static const struct {
    const char *name;
    enum rule_op op;
    const char *const *words;
} sources[] = {{"open", OP_OPEN, NULL},
               {"high", OP_HIGH, NULL},
               {"low", OP_LOW, NULL},
               {"close", OP_CLOSE, NULL},
               {"volume", OP_VOLUME, NULL},
               {"hour", OP_HOUR, NULL},
               {"minute", OP_MINUTE, NULL},
               {"day", OP_DAY, NULL},
               {"month", OP_MONTH, NULL},
               {"session", OP_SESSION, sessions},
               {"weekday", OP_WEEKDAY, weekdays}};

static const char *const means[] = {"hl2", "hlc3", "ohlc4"};
static const char *const reserved[] = {"and",   "or",     "not",  "AND",      "OR",
                                       "NOT",   "of",     "true", "false",    "True",
                                       "False", "params", "ext",  "position", "entry_price"};

static const struct rule_value broken = {.type = TYPE_BROKEN};

static bool is_word(const char *word, const char *name, size_t length)
{
    return strlen(word) == length && memcmp(word, name, length) == 0;
}

void rule_builtin_each(void (*offer)(void *self, const char *name), void *self)
{
    for (size_t i = 0; i < COUNT_OF(sources); i++)
        offer(self, sources[i].name);
    for (size_t i = 0; i < COUNT_OF(means); i++)
        offer(self, means[i]);
}

struct same_name {
    const char *name;
    bool is_found;
};

static void compare_name(void *self, const char *name)
{
    struct same_name *same = self;

    same->is_found = same->is_found || strcmp(same->name, name) == 0;
}

bool rule_name_is_free(const char *name)
{
    struct same_name same = {name, false};
    size_t length = strlen(name);

    if (length == 0 || length >= LIMIT_NAME || (name[0] >= '0' && name[0] <= '9'))
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = name[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_'))
            return false;
    }
    rule_builtin_each(compare_name, &same);
    for (size_t i = 0; i < COUNT_OF(reserved); i++)
        compare_name(&same, reserved[i]);
    return !same.is_found;
}

static int emit_mean(struct emitter *e, size_t prices)
{
    int sum = emit_op(e, OP_ADD, emit_op(e, OP_HIGH, 0, 0, 0), emit_op(e, OP_LOW, 0, 0, 0), 0);

    if (prices > 2)
        sum = emit_op(e, OP_ADD, sum, emit_op(e, OP_CLOSE, 0, 0, 0), 0);
    if (prices > 3)
        sum = emit_op(e, OP_ADD, sum, emit_op(e, OP_OPEN, 0, 0, 0), 0);
    return emit_op(e, OP_DIVIDE, sum, emit_constant(e, (double)prices), 0);
}

struct rule_value emit_builtin(struct emitter *e, const char *name, size_t length)
{
    for (size_t i = 0; i < COUNT_OF(sources); i++) {
        if (is_word(sources[i].name, name, length)) {
            int node = emit_op(e, sources[i].op, 0, 0, 0);

            return sources[i].words ? rule_word(node, sources[i].words) : rule_number(node);
        }
    }
    for (size_t i = 0; i < COUNT_OF(means); i++) {
        if (is_word(means[i], name, length))
            return rule_number(emit_mean(e, i + 2));
    }
    return broken;
}

int emit_source(struct emitter *e, const char *name, size_t length)
{
    struct rule_value value = emit_builtin(e, name, length);

    return value.type == TYPE_NUMBER ? value.nodes[0] : -1;
}

void rule_words_print(const char *const *words, char text[96])
{
    size_t used = 0;

    text[0] = '\0';
    for (int i = 0; words[i] && used < 96; i++) {
        (void)snprintf(text + used, 96 - used, "%s%s", i > 0 ? ", " : "", words[i]);
        used = strlen(text);
    }
}

/* The number of the text among the words; -1 after a report. */
static int find_word(struct emitter *e, int text, const char *const *words)
{
    const struct rule_node *n = &e->ast->nodes[text];
    char word[128], all[96], message[192];
    struct nearest near;

    emit_word(e, n->name, n->name_length, word);
    nearest_init(&near, word);
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], word) == 0)
            return i;
        nearest_offer(&near, words[i]);
    }
    rule_words_print(words, all);
    (void)snprintf(message, sizeof message, "'%.60s' is none of: %s", word, all);
    nearest_hint(&near, emit_error(e, text, "unknown_word", message), all);
    return -1;
}

struct rule_value emit_word_comparison(struct emitter *e, int node)
{
    const struct rule_node *n = &e->ast->nodes[node];
    bool is_left = e->ast->nodes[n->child[0]].kind == RULE_STRING;
    int text = n->child[is_left ? 0 : 1];
    int word;
    struct rule_value value;

    /* Of two texts the right one is refused by emit_node. */
    value = emit_node(e, n->child[is_left ? 1 : 0]);
    if (value.type == TYPE_BROKEN)
        return broken;
    if (value.type != TYPE_WORD) {
        diag_hint(emit_error(e, text, "string_not_allowed", "this cannot be compared with a text"),
                  "session == \"us\", weekday != \"sun\"");
        return broken;
    }
    word = find_word(e, text, value.words);
    if (word < 0)
        return broken;
    return rule_truth(emit_op(e, n->kind == RULE_EQUAL ? OP_EQUAL : OP_NOT_EQUAL, value.nodes[0],
                              emit_constant(e, word), 0));
}
