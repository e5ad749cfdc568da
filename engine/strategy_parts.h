/* SPDX-License-Identifier: Apache-2.0 */
/* What a strategy is made of, and the loader's working state.  Only engine/strategy*.c include
 * this. */
#ifndef ENGINE_STRATEGY_PARTS_H
#define ENGINE_STRATEGY_PARTS_H

#include "core/jnode.h"
#include "engine/rule_block.h"
#include "engine/rule_compile.h"
#include "engine/rule_run.h"
#include "engine/strategy.h"

enum {
    NODE_NONE = -1,
    TRIGGER_PARTS = 33,
    TRIGGER_BYTES = 1024,
    SYMBOLS_FIELD = 48,
    STRATEGY_METRICS = 32
};

#define KEYS(...)                                      \
    ((struct keys){(const char *const[]){__VA_ARGS__}, \
                   sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)})

/* An expression of the artifact and the node it became. */
struct strategy_rule {
    struct rule_ast *ast; /* NULL: absent */
    int node;             /* NODE_NONE: absent */
};

enum level_kind {
    LEVEL_NONE,
    LEVEL_PCT,
    LEVEL_ATR,
    LEVEL_RULE
};

struct level {
    enum level_kind kind;
    struct ratio value;        /* LEVEL_PCT, LEVEL_ATR */
    double factor;             /* the same as a double */
    int period;                /* LEVEL_ATR */
    struct strategy_rule rule; /* LEVEL_RULE: the price; LEVEL_ATR: node of the range */
};

/* Literal text, or an expression's value when rule.ast is there. */
struct trigger_part {
    char *text;
    size_t length;
    struct strategy_rule rule;
    bool is_truth;
    const char *const *words; /* of a word's index, NULL for numbers */
    int decimals;
};

struct trigger {
    char constant[LIMIT_REASON]; /* the reason when no part is an expression */
    bool is_constant;
    int count;
    struct trigger_part parts[TRIGGER_PARTS];
};

struct strategy_feature {
    char name[2 * LIMIT_NAME]; /* "bands.upper" for one member of several */
    int node;
};

struct strategy_ext {
    char name[LIMIT_NAME];
    int64_t max_age_us;
};

/* What research claims. */
struct strategy_metric {
    char name[LIMIT_NAME];
    double value;
};

struct strategy {
    int references; /* atomic */
    char name[LIMIT_NAME];
    char id[DIGEST_HEX];
    char *canonical;
    size_t canonical_length;
    struct diag_list warnings;
    size_t symbol_count;
    char (*symbols)[LIMIT_SYMBOL];
    int64_t timeframe_us;
    int startup; /* startup_bars, 0: none given */
    int warmup;
    enum direction direction;
    struct sizing sizing;
    struct ratio min_confidence;
    int volatility_period, volatility; /* SIZING_VOL_TARGET: candles, and the node; NODE_NONE */
    struct ratio trailing_activation;
    int max_candles;
    size_t other_count;
    char others[LIMIT_OTHER_SYMBOLS][LIMIT_SYMBOL]; /* sorted */
    int other_at[LIMIT_OTHER_SYMBOLS]; /* the compiler's number of it, as in rule_set.others */
    size_t ext_count;
    struct strategy_ext ext[LIMIT_FEATURES];
    size_t roi_count;
    struct roi_step roi[LIMIT_ROI_STEPS];
    struct cooldown cooldown;
    struct scaling scale_in, scale_out;
    struct strategy_rule entry, exit, confidence, scale_in_rule, scale_out_rule;
    struct level stop, take, trailing;
    size_t metric_count;
    struct strategy_metric metrics[STRATEGY_METRICS];
    struct trigger trigger;
    size_t feature_count;
    struct strategy_feature features[LIMIT_FEATURES];
    struct rule_graph graph;
};

/* One symbol's run; what moves with the candles is all in here. */
struct strategy_run {
    const struct strategy *s;
    int64_t pushed;
    struct rule_run rules;
    const double *entry, *confidence; /* where the newest values are */
    struct rule_block *block;         /* for strategy_run_push_block, NULL until the first */
};

struct loader {
    struct strategy *s;
    const struct jnode *root;
    struct diag_list *diags;
    struct rule_set set;
    size_t mistakes; /* reported in diags, also when that list is full or NULL */
};

/* A list of known keys, for messages and "did you mean". */
struct keys {
    const char *const *names;
    size_t count;
};

/* strategy_fields.c: reading members, every mistake a diag. */
struct diag *loader_error(struct loader *l, const char *field, const char *code,
                          const char *message);
/* Of a member of the root; a key that looks like it is named in the hint. */
struct diag *loader_missing(struct loader *l, const char *key, const char *message);
/* Warns of members that are not known; prefix is "" or ends with '.'. */
void loader_check_keys(struct loader *l, const struct jnode *object, const char *prefix,
                       struct keys known);
/* The member of an object; NULL when it is absent or null, which mean the same everywhere, and of
 * what is no object. */
const struct jnode *loader_get(const struct jnode *object, const char *key);
/* The section as an object, NULL when absent or not one (reported). */
const struct jnode *loader_section(struct loader *l, const char *name, struct keys known);
/* The member of an object (NULL allowed), or else the flat one of the root; *field becomes the name
 * of where it was found.  NULL when there is none. */
const struct jnode *loader_member(struct loader *l, const struct jnode *object, const char *key,
                                  const char *flat, const char **field);
/* A number, its decimal text, or a constant expression of parameters. */
bool loader_ratio(struct loader *l, const struct jnode *n, const char *field, struct ratio *out);
/* The same, a fraction within (0, most]; percent: hint that 2 % is 0.02. */
bool loader_fraction(struct loader *l, const struct jnode *n, const char *field, struct ratio most,
                     struct ratio *out);
/* A whole number from least to most. */
bool loader_count(struct loader *l, const struct jnode *n, const char *field, int least, int most,
                  int *out);
/* Text of a string member; NULL after a mistake. */
const char *loader_text(struct loader *l, const struct jnode *n, const char *field);
/* Parses and compiles a rule from a string (a number or boolean is taken as its text). */
bool loader_rule(struct loader *l, const struct jnode *n, const char *field, enum rule_scope scope,
                 enum rule_type wanted, struct strategy_rule *out);
struct ratio ratio_of(int64_t numerator, int64_t denominator);

/* strategy_features.c */
void load_parameters(struct loader *l);
void load_features(struct loader *l);
/* strategy_sections.c */
void load_entry(struct loader *l);
void load_exit(struct loader *l);
/* strategy_protection.c */
void load_levels(struct loader *l, bool stop_loss_required);
void load_trailing(struct loader *l);
/* strategy_pace.c */
void load_roi(struct loader *l);
void load_cooldown(struct loader *l);
void load_scaling(struct loader *l);
/* strategy_sizing.c */
void load_sizing(struct loader *l);
/* strategy_outside.c */
void load_ext(struct loader *l); /* before any rule */
void load_metrics(struct loader *l);

/* strategy_trigger.c */
void trigger_parse(struct loader *l, const char *field, const char *text);
void trigger_release(struct trigger *t);
void trigger_print(const struct trigger *t, const struct rule_run *r, char out[LIMIT_REASON]);
/* The template again, expressions in their normal form. */
void trigger_template(const struct trigger *t, struct text *out);

/* strategy_canonical.c: sets canonical and id. */
void strategy_canonicalise(struct loader *l);

#endif
