/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a candle file: what is accepted must be a valid series, must survive being written
 * and read again, and must play in order; what is refused must say why. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/text.h"
#include "exchange/recorded_feed.h"

enum {
    PACKED_MAX = 512
}; /* a few more bytes of zstd can mean gigabytes */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_series(const struct candle_series *s)
{
    ASSERT(s->count >= 2 && timeframe_name(s->timeframe_us));
    for (size_t i = 0; i < s->count; i++) {
        const struct candle *c = &s->candles[i];

        ASSERT(candle_check(c) == ERR_OK);
        ASSERT(c->price_scale == s->price_scale && c->size_scale == s->size_scale);
        ASSERT(c->flags == 0 && c->open_us % s->timeframe_us == 0);
        ASSERT(i == 0 || c->open_us >= s->candles[i - 1].open_us + s->timeframe_us);
    }
}

static void put_price(struct text *t, const struct candle *c, int64_t value, bool as_json)
{
    char text[AMOUNT_TEXT_MAX];

    (void)price_print_scale(candle_price(c, value), c->price_scale, text);
    text_format(t, as_json ? ",\"%s\"" : ",%s", text);
}

/* Writes a series in one of the formats. */
static void write_series(const struct candle_series *s, bool as_json, struct text *t)
{
    char volume[AMOUNT_TEXT_MAX];

    text_string(t, as_json ? "[" : "timestamp,open,high,low,close,volume\n");
    for (size_t i = 0; i < s->count; i++) {
        const struct candle *c = &s->candles[i];

        text_format(t, as_json ? "%s[%lld" : "%s%lld", as_json && i > 0 ? "," : "",
                    (long long)(c->open_us / US_PER_MS));
        put_price(t, c, c->open, as_json);
        put_price(t, c, c->high, as_json);
        put_price(t, c, c->low, as_json);
        put_price(t, c, c->close, as_json);
        (void)size_print(candle_volume(c), volume);
        text_format(t, as_json ? ",%s]" : ",%s\n", volume);
    }
    if (as_json)
        text_char(t, ']');
}

static void check_again(const struct candle_series *s, bool as_json)
{
    struct candle_series again;
    struct text t;
    enum err e;

    text_init(&t, (size_t)1 << 26);
    write_series(s, as_json, &t);
    ASSERT(!t.full);
    e = candle_parse(t.data, t.length, "again", NULL, &again);
    ASSERT(e == ERR_OK);
    ASSERT(again.count == s->count && again.timeframe_us == s->timeframe_us);
    ASSERT(memcmp(&again.digest, &s->digest, sizeof s->digest) == 0);
    candle_series_release(&again);
    text_release(&t);
}

static void check_play(struct candle_series *s)
{
    const size_t count = s->count;
    struct instrument instrument;
    struct recorded_feed *r;
    struct feed_event e;
    size_t opens = 0, closes = 0;
    struct feed f;

    ASSERT(!instrument_init(&instrument, "A/B", (struct price){1}, (struct size){1}, MONEY_ZERO));
    ASSERT(!recorded_feed_new_take(s, 1, &instrument, NULL, &r));
    f = recorded_feed_port(r);
    while (f.next(f.self, &e) == ERR_OK) {
        ASSERT(candle_check(&e.candle) == ERR_OK);
        ASSERT(e.kind == (opens == closes ? FEED_OPEN : FEED_CLOSE));
        *(e.kind == FEED_OPEN ? &opens : &closes) += 1;
    }
    ASSERT(opens == closes && opens == count + recorded_feed_gaps(r));
    recorded_feed_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const bool is_packed = size > 1 && (data[0] == 0x1f || data[0] == 0x28);
    struct candle_series s = {0};
    struct diag_list diags = {0};
    enum err e;

    if (is_packed && size > PACKED_MAX)
        return 0;
    log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_JSON, 2);
    e = candle_parse((const char *)data, size, "fuzz", &diags, &s);
    if (e) {
        ASSERT(e == ERR_CANDLE || e == ERR_LIMIT);
        ASSERT(diags.count == 1 && diags.items[0].message[0] && diags.items[0].hint[0]);
        ASSERT(text_is_utf8(diags.items[0].message, strlen(diags.items[0].message)));
        ASSERT(s.candles == NULL);
        return 0;
    }
    check_series(&s);
    check_again(&s, false);
    check_again(&s, true);
    check_play(&s);
    return 0;
}
