/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as recorded funding rates: what is accepted is in order and bounded, and reads the same
 * when it is written again; what is refused says where and why. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/text.h"
#include "exchange/funding_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_again(const struct funding_series *s)
{
    struct funding_series again;
    char rate[AMOUNT_TEXT_MAX], mark[AMOUNT_TEXT_MAX];
    struct text t;

    text_init(&t, 16 << 20);
    text_string(&t, "mark_price,timestamp,funding_rate\n");
    for (size_t i = 0; i < s->count; i++) {
        (void)ratio_print(s->items[i].rate, rate);
        (void)price_print(s->items[i].mark, mark);
        text_format(&t, "%s,%lld,%s\n", price_sign(s->items[i].mark) > 0 ? mark : "",
                    (long long)(s->items[i].at_us / US_PER_MS), rate);
    }
    ASSERT(!t.full && funding_parse(t.data, t.length, "again", NULL, &again) == ERR_OK);
    ASSERT(again.count == s->count);
    ASSERT(memcmp(&again.digest, &s->digest, sizeof again.digest) == 0);
    funding_series_release(&again);
    text_release(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct diag_list diags = {0};
    struct funding_series s;

    if (funding_parse((const char *)data, size, "fuzz", &diags, &s)) {
        ASSERT(diags.count > 0 && diags.items[0].message[0]);
        return 0;
    }
    ASSERT(s.count > 0);
    for (size_t i = 0; i < s.count; i++) {
        ASSERT(i == 0 || s.items[i].at_us > s.items[i - 1].at_us);
        ASSERT(ratio_cmp(s.items[i].rate, (struct ratio){INT64_C(1000000000000)}) < 0);
        ASSERT(ratio_cmp(s.items[i].rate, (struct ratio){-INT64_C(1000000000000)}) > 0);
        ASSERT(price_sign(s.items[i].mark) >= 0);
    }
    read_again(&s);
    funding_series_release(&s);
    return 0;
}
