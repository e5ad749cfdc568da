/* SPDX-License-Identifier: Apache-2.0 */
/* The lexer of strategy expressions: ASCII only, no locale, no allocation. */
#include "engine/rule_lex.h"

#include <string.h>

enum {
    DIGITS_MAX = 15,   /* below 2^53: the mantissa is an exact double */
    POWER_MAX = 22,    /* 10^22 is the largest exact power of ten */
    EXPONENT_MAX = 999 /* where counting stops; far beyond what is accepted */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static struct rule_token bad(int start, int length, const char *code, const char *problem,
                             const char *hint)
{
    return (struct rule_token){.kind = TOKEN_BAD,
                               .start = start,
                               .length = length,
                               .code = code,
                               .problem = problem,
                               .hint = hint};
}

/* Digits seen so far.  Zeros wait until a digit follows, so that trailing ones cost nothing. */
struct digits {
    uint64_t mantissa;
    int significant;
    int zeros;
    bool is_long;
};

static void digits_push(struct digits *d, char c)
{
    if (c == '0') {
        d->zeros++;
        return;
    }
    if (d->significant == 0)
        d->zeros = 0;
    d->significant += d->zeros + 1;
    if (d->significant > DIGITS_MAX) {
        d->is_long = true;
    } else {
        for (; d->zeros > 0; d->zeros--)
            d->mantissa *= 10;
        d->mantissa = d->mantissa * 10 + (uint64_t)(c - '0');
    }
    d->zeros = 0;
}

/* Reads "e-7" at p; returns its end, or p when there is no exponent. */
static const char *lex_exponent(const char *p, int *exponent)
{
    const char *q = p;
    bool is_negative;
    int value = 0;

    *exponent = 0;
    if (*q != 'e' && *q != 'E')
        return p;
    q++;
    is_negative = *q == '-';
    if (*q == '-' || *q == '+')
        q++;
    if (!is_digit(*q))
        return p;
    for (; is_digit(*q); q++) {
        if (value < EXPONENT_MAX)
            value = value * 10 + (*q - '0');
    }
    *exponent = is_negative ? -value : value;
    return q;
}

static struct rule_token lex_number(const char *text, int at)
{
    const char *p = text + at;
    struct digits d = {0};
    struct rule_token t = {.kind = TOKEN_NUMBER, .start = at};
    int decimals = 0;
    int exponent;

    for (; is_digit(*p); p++)
        digits_push(&d, *p);
    if (*p == '.' && is_digit(p[1])) {
        for (p++; is_digit(*p); p++) {
            digits_push(&d, *p);
            decimals++;
        }
    }
    p = lex_exponent(p, &exponent);
    t.length = (int)(p - (text + at));
    if (is_name_start(*p))
        return bad(at, t.length + 1, "number_invalid", "a number runs into a word",
                   "put a blank or an operator between them");
    if (d.is_long)
        return bad(at, t.length, "number_precision", "the number has too many digits",
                   "at most 15 significant digits");
    if (d.significant == 0)
        return t;
    t.mantissa = d.mantissa;
    t.exponent = exponent - decimals + d.zeros;
    if (t.exponent < -POWER_MAX || t.exponent > POWER_MAX)
        return bad(at, t.length, "number_range", "the number is too large or too small",
                   "between 1e-22 and 1e22");
    return t;
}

static struct rule_token lex_name(const char *text, int at)
{
    static const struct {
        const char *word;
        enum rule_token_kind kind;
    } words[] = {{"or", TOKEN_OR},       {"OR", TOKEN_OR},       {"and", TOKEN_AND},
                 {"AND", TOKEN_AND},     {"not", TOKEN_NOT},     {"NOT", TOKEN_NOT},
                 {"true", TOKEN_TRUE},   {"false", TOKEN_FALSE}, {"True", TOKEN_TRUE},
                 {"False", TOKEN_FALSE}, {"of", TOKEN_OF}};
    struct rule_token t = {.kind = TOKEN_NAME, .start = at};
    size_t n = 0;

    while (is_name_start(text[at + (int)n]) || is_digit(text[at + (int)n]))
        n++;
    t.length = (int)n;
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strlen(words[i].word) == n && memcmp(words[i].word, text + at, n) == 0)
            t.kind = words[i].kind;
    }
    return t;
}

/* Characters that mean something elsewhere get a hint of their own. */
static struct rule_token lex_unknown(const char *text, int at)
{
    switch (text[at]) {
    case '=':
        return bad(at, 1, "syntax", "'=' is not an operator here", "compare with '=='");
    case '&':
        return bad(at, 1, "syntax", "'&' is not an operator here", "write 'and'");
    case '|':
        return bad(at, 1, "syntax", "'|' is not an operator here", "write 'or'");
    case '^':
        return bad(at, 1, "syntax", "there is no power operator", "multiply instead: x*x");
    default:
        return bad(at, 1, "syntax", "this character has no meaning in a rule",
                   "names, numbers, operators and parentheses");
    }
}

static struct rule_token lex_operator(const char *text, int at)
{
    static const struct {
        char text[3];
        uint8_t kind;
    } operators[] = {
        {">=", TOKEN_GREATER_EQUAL}, {"<=", TOKEN_LESS_EQUAL},  {"==", TOKEN_EQUAL},
        {"!=", TOKEN_NOT_EQUAL},     {"||", TOKEN_OR},          {"&&", TOKEN_AND},
        {">", TOKEN_GREATER},        {"<", TOKEN_LESS},         {"!", TOKEN_NOT},
        {"+", TOKEN_PLUS},           {"-", TOKEN_MINUS},        {"*", TOKEN_STAR},
        {"/", TOKEN_SLASH},          {"%", TOKEN_PERCENT},      {"(", TOKEN_OPEN},
        {")", TOKEN_CLOSE},          {"[", TOKEN_OPEN_BRACKET}, {"]", TOKEN_CLOSE_BRACKET},
        {",", TOKEN_COMMA},          {".", TOKEN_DOT},          {"@", TOKEN_AT}};

    for (size_t i = 0; i < COUNT_OF(operators); i++) {
        size_t n = strlen(operators[i].text);

        if (strncmp(text + at, operators[i].text, n) == 0)
            return (struct rule_token){.kind = operators[i].kind, .start = at, .length = (int)n};
    }
    return lex_unknown(text, at);
}

/* Anything printable but quotes and backslashes: there is nothing to escape. */
static struct rule_token lex_string(const char *text, int at)
{
    int end = at + 1;

    while (text[end] >= ' ' && text[end] < 0x7f && text[end] != '"' && text[end] != '\'' &&
           text[end] != '\\')
        end++;
    if (text[end] != text[at])
        return bad(at, end - at, "string_invalid", "this text does not end",
                   "printable ASCII between two equal quotes: \"BTC/USDT\"");
    return (struct rule_token){.kind = TOKEN_STRING, .start = at, .length = end + 1 - at};
}

static int skip_blanks(const char *text, int at)
{
    while (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')
        at++;
    return at;
}

struct rule_token rule_lex(const char *text, int at)
{
    at = skip_blanks(text, at);
    if (text[at] == '\0')
        return (struct rule_token){.kind = TOKEN_END, .start = at};
    if (is_digit(text[at]) || (text[at] == '.' && is_digit(text[at + 1])))
        return lex_number(text, at);
    if (is_name_start(text[at]))
        return lex_name(text, at);
    if (text[at] == '"' || text[at] == '\'')
        return lex_string(text, at);
    return lex_operator(text, at);
}

struct rule_token rule_lex_timeframe(const char *text, int at)
{
    int start = skip_blanks(text, at);
    int end = start;

    while (is_name_start(text[end]) || is_digit(text[end]))
        end++;
    if (end == start)
        return rule_lex(text, at);
    return (struct rule_token){.kind = TOKEN_TIMEFRAME, .start = start, .length = end - start};
}
