/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an amount, a time, a double: what is accepted must survive its own text, and
 * products and quotients must agree with one another. */
#include <stdint.h>
#include <string.h>

#include "core/amount.h"
#include "core/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const i128 limit = (i128)INT64_C(1000000000000000000) * INT64_C(1000000000000000000) * 100;

static void check_text(const char *bytes, size_t size)
{
    char text[AMOUNT_TEXT_MAX];
    struct money m, back;
    enum err e = money_parse(bytes, size, &m);
    size_t length;

    if (e)
        return;
    ASSERT(m.e12 < limit && m.e12 > -limit);
    length = money_print(m, text);
    ASSERT(length == strlen(text) && length < AMOUNT_TEXT_MAX);
    e = money_parse(text, length, &back);
    ASSERT(!e && back.e12 == m.e12);
    length = money_print_scale(m, AMOUNT_DECIMALS, text);
    e = money_parse(text, length, &back);
    ASSERT(!e && back.e12 == m.e12);
    e = money_from_double(money_to_double(m), ROUND_HALF_EVEN, &back);
    if (!e && m.e12 > -(1LL << 52) && m.e12 < 1LL << 52)
        ASSERT(back.e12 == m.e12);
}

static void check_time(const char *bytes, size_t size)
{
    char text[TIME_TEXT_MAX];
    int64_t us, back;
    enum err e = time_parse(bytes, size, &us);

    if (e)
        return;
    time_print(us, text);
    e = time_parse(text, strlen(text), &back);
    ASSERT(!e && back == us);
}

static void check_double(const uint8_t *data)
{
    struct ratio down, up;
    double value;
    enum err e, other;

    memcpy(&value, data, sizeof(value));
    e = ratio_from_double(value, ROUND_DOWN, &down);
    other = ratio_from_double(value, ROUND_UP, &up);
    if (!e && !other)
        ASSERT(up.e12 - down.e12 == 0 || up.e12 - down.e12 == 1);
}

/* Rounded down and up lie at most one apart, and every other rule gives one of the two. */
static void check_scale(const uint8_t *data)
{
    struct money m, low, high, even;
    struct size part, whole;
    enum err e;

    memcpy(&m.e12, data, sizeof(m.e12));
    memcpy(&part.e12, data + 16, sizeof(part.e12));
    memcpy(&whole.e12, data + 32, sizeof(whole.e12));
    m.e12 %= limit;
    part.e12 %= limit;
    whole.e12 %= limit;
    e = money_share(m, part, whole, ROUND_DOWN, &low);
    ASSERT(whole.e12 != 0 || e == ERR_INVALID);
    if (e || money_share(m, part, whole, ROUND_UP, &high))
        return;
    ASSERT(high.e12 - low.e12 == 0 || high.e12 - low.e12 == 1);
    e = money_share(m, part, whole, ROUND_HALF_EVEN, &even);
    ASSERT(!e && (even.e12 == low.e12 || even.e12 == high.e12));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_text((const char *)data, size);
    check_time((const char *)data, size);
    if (size >= sizeof(double))
        check_double(data);
    if (size >= 3 * sizeof(i128))
        check_scale(data);
    return 0;
}
