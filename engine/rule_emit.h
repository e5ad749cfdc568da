/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the compiler (names and operators, calls, indicators) share. */
#ifndef ENGINE_RULE_EMIT_H
#define ENGINE_RULE_EMIT_H

#include "engine/rule_compile.h"
#include "engine/rule_table.h"

struct emitter {
    struct rule_set *set;
    struct rule_ast *ast;
    const struct rule_place *place;
    enum rule_scope scope;
    bool is_broken; /* a mistake was reported in this expression */
};

/* One call's arguments by parameter: graph nodes, and values where they are constants. */
struct rule_arguments {
    int child[FUNCTION_PARAMETERS]; /* syntax nodes, for messages; the call's own for defaults */
    struct rule_value value[FUNCTION_PARAMETERS];
    int at[FUNCTION_PARAMETERS];
    double number[FUNCTION_PARAMETERS];
};

struct rule_value rule_number(int node);
struct rule_value rule_truth(int node);
struct rule_value rule_word(int node, const char *const *words);
/* "asia, europe, us, off" */
void rule_words_print(const char *const *words, char text[96]);

/* Reports a mistake at a syntax node; the caller may add a hint. */
struct diag *emit_error(struct emitter *e, int node, const char *code, const char *message);
int emit_op(struct emitter *e, enum rule_op op, int a, int b, int c);
int emit_constant(struct emitter *e, double value);
/* The graph node of open, hl2 and so on; -1 when the name is not one of them. */
int emit_source(struct emitter *e, const char *name, size_t length);
/* The graph node of a value of the wanted type, or a report and RULE_UNKNOWN. */
int emit_as_number(struct emitter *e, int node, struct rule_value value);
int emit_as_truth(struct emitter *e, int node, struct rule_value value);
/* Reports when a value that only exists now is asked for its past. */
bool emit_refuses_late(struct emitter *e, int node, int value);
/* Reports when such a value is named inside "@" or "of". */
bool emit_refuses_elsewhere(struct emitter *e, int node);
/* The text of a name, cut to 127 characters. */
void emit_word(const struct emitter *e, int start, int length, char word[128]);
void emit_unknown_name(struct emitter *e, int node, bool is_parameter, const char *word);

struct rule_value emit_node(struct emitter *e, int node);
/* rule_source.c: names that need no declaration, prices and time; TYPE_BROKEN without a report when
 * the name is not one of them.  emit_source gives the node of the numbers, -1 for others. */
struct rule_value emit_builtin(struct emitter *e, const char *name, size_t length);
/* Calls offer for each of them. */
void rule_builtin_each(void (*offer)(void *self, const char *name), void *self);
/* session == "us". */
struct rule_value emit_word_comparison(struct emitter *e, int node);

/* rule_member.c: name.member */
struct rule_value emit_member(struct emitter *e, int node);
struct rule_value emit_entry_price(struct emitter *e, int node);
int emit_find_feature(const struct rule_set *s, const char *name, size_t length);
int emit_find_parameter(const struct rule_set *s, const char *name, size_t length);
/* The feature's value; a mistake in it was reported there, here it only spoils the value. */
struct rule_value emit_feature(struct emitter *e, int feature);

/* rule_context.c: what stands before "@" or "of". */
struct rule_value emit_elsewhere(struct emitter *e, int node);

/* One of the functions from FUNCTION_HIGHEST on. */
struct rule_value emit_indicator(struct emitter *e, int node, enum rule_function_id id,
                                 const struct rule_arguments *a);
struct rule_value emit_call(struct emitter *e, int node);

#endif
