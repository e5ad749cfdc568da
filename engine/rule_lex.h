/* SPDX-License-Identifier: Apache-2.0 */
/* Splits an expression's text into words. */
#ifndef ENGINE_RULE_LEX_H
#define ENGINE_RULE_LEX_H

#include "core/base.h"

enum rule_token_kind {
    TOKEN_END,
    TOKEN_BAD, /* problem and hint say why */
    TOKEN_NUMBER,
    TOKEN_NAME,
    TOKEN_STRING, /* with its quotes */
    TOKEN_TIMEFRAME,
    TOKEN_TRUE,
    TOKEN_FALSE,
    TOKEN_OR,
    TOKEN_AND,
    TOKEN_NOT,
    TOKEN_GREATER,
    TOKEN_LESS,
    TOKEN_GREATER_EQUAL,
    TOKEN_LESS_EQUAL,
    TOKEN_EQUAL,
    TOKEN_NOT_EQUAL,
    TOKEN_PLUS,
    TOKEN_MINUS,
    TOKEN_STAR,
    TOKEN_SLASH,
    TOKEN_PERCENT,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_OPEN_BRACKET,
    TOKEN_CLOSE_BRACKET,
    TOKEN_COMMA,
    TOKEN_DOT,
    TOKEN_AT,
    TOKEN_OF
};

struct rule_token {
    enum rule_token_kind kind;
    int start, length;
    uint64_t mantissa; /* TOKEN_NUMBER: mantissa * 10^exponent, no trailing zeros */
    int exponent;
    const char *code, *problem, *hint; /* TOKEN_BAD: constant texts */
};

/* The token at or after byte `at` of the NUL-ended text. */
struct rule_token rule_lex(const char *text, int at);
/* The same where a timeframe should stand, which looks like a number that runs into a word. */
struct rule_token rule_lex_timeframe(const char *text, int at);

#endif
