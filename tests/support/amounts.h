/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts written as texts: price("49598.63") fails the test when the text is not one. */
#ifndef TESTS_SUPPORT_AMOUNTS_H
#define TESTS_SUPPORT_AMOUNTS_H

#include "core/amount.h"
#include "tests/support/check.h"

static inline struct price price(const char *text)
{
    struct price p = PRICE_ZERO;

    assert_ok(price_parse(text, strlen(text), &p));
    return p;
}

static inline struct size size(const char *text)
{
    struct size s = SIZE_ZERO;

    assert_ok(size_parse(text, strlen(text), &s));
    return s;
}

static inline struct money money(const char *text)
{
    struct money m = MONEY_ZERO;

    assert_ok(money_parse(text, strlen(text), &m));
    return m;
}

static inline struct ratio ratio(const char *text)
{
    struct ratio r = {0};

    assert_ok(ratio_parse(text, strlen(text), &r));
    return r;
}

#endif
