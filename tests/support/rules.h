/* SPDX-License-Identifier: Apache-2.0 */
/* A small strategy's names for tests of rules: 5 minutes, ETH/USDT, features, outside values. */
#ifndef TESTS_SUPPORT_RULES_H
#define TESTS_SUPPORT_RULES_H

#include "core/text.h"
#include "engine/rule_compile.h"

/* What rules_compile reported since the set was made. */
extern struct diag_list rules_diags;

/* Features mean, bands, quarter, btc, channel; parameter fast = 3; ext.news and ext.sentiment. */
struct rule_set *rules_set_new(void);
void rules_set_free(struct rule_set *set);
void rules_add_feature(struct rule_set *set, const char *name, const char *rule);
/* TYPE_BROKEN leaves diags; normal (NULL allowed) gets the rule's normal text. */
struct rule_value rules_compile(struct rule_set *set, const char *rule, struct text *normal);

#endif
