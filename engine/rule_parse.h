/* SPDX-License-Identifier: Apache-2.0 */
/* Text to syntax tree by recursive descent; the grammar is written above each function. */
#ifndef ENGINE_RULE_PARSE_H
#define ENGINE_RULE_PARSE_H

#include "engine/rule_ast.h"

/* Parses an expression of at most LIMIT_EXPRESSION_BYTES, LIMIT_INSTRUCTIONS nodes and
 * LIMIT_EXPRESSION_DEPTH levels.  The first mistake ends it with one diag: ERR_INVALID. */
MUST_USE enum err rule_parse(const char *text, size_t length, const struct rule_place *place,
                             struct rule_ast **out);
void rule_ast_free(struct rule_ast *ast);

#endif
