/* SPDX-License-Identifier: Apache-2.0 */
/* Scales, digest and order of a recording. */
#include "exchange/candle_series.h"

#include <endian.h>
#include <stdlib.h>

enum {
    DIGEST_CANDLES = 4096,
    DIGEST_COLUMNS = 6
};

void candle_series_release(struct candle_series *s)
{
    free(s->candles);
    *s = (struct candle_series){0};
}

/* The same bytes on every machine. */
static int64_t little(int64_t value)
{
    return (int64_t)htole64((uint64_t)value);
}

/* Digests the values in chained pieces, because digest_of takes one piece of memory. */
void candle_series_digest(const struct candle *candles, size_t count, struct digest *out)
{
    struct {
        struct digest chain;
        int64_t values[DIGEST_CANDLES * DIGEST_COLUMNS];
    } *piece = xcalloc(1, sizeof *piece);

    piece->values[0] = little(candles[0].price_scale);
    piece->values[1] = little(candles[0].size_scale);
    digest_of(piece->values, 2 * sizeof piece->values[0], &piece->chain);
    for (size_t i = 0; i < count;) {
        size_t n = 0;

        for (; i < count && n < COUNT_OF(piece->values); i++) {
            piece->values[n++] = little(candles[i].open_us);
            piece->values[n++] = little(candles[i].open);
            piece->values[n++] = little(candles[i].high);
            piece->values[n++] = little(candles[i].low);
            piece->values[n++] = little(candles[i].close);
            piece->values[n++] = little(candles[i].volume);
        }
        digest_of(piece, sizeof piece->chain + n * sizeof piece->values[0], &piece->chain);
    }
    *out = piece->chain;
    free(piece);
}

/* Narrows the zeros at the end that all values so far have in common. */
static void narrow(int64_t value, int *zeros, int64_t *power)
{
    while (*zeros > 0 && value % *power != 0) {
        (*zeros)--;
        *power /= 10;
    }
}

static int64_t power_of(int digits)
{
    int64_t power = 1;

    for (; digits > 0; digits--)
        power *= 10;
    return power;
}

void candle_series_seal(struct candle_series *s)
{
    int prices = s->price_scale, sizes = s->size_scale;
    int64_t price_power = power_of(prices), size_power = power_of(sizes);

    for (size_t i = 0; i < s->count && (prices > 0 || sizes > 0); i++) {
        const struct candle *c = &s->candles[i];

        narrow(c->open, &prices, &price_power);
        narrow(c->high, &prices, &price_power);
        narrow(c->low, &prices, &price_power);
        narrow(c->close, &prices, &price_power);
        narrow(c->volume, &sizes, &size_power);
    }
    s->price_scale -= prices;
    s->size_scale -= sizes;
    for (size_t i = 0; i < s->count; i++) {
        struct candle *c = &s->candles[i];

        if (prices > 0) {
            c->open /= price_power;
            c->high /= price_power;
            c->low /= price_power;
            c->close /= price_power;
        }
        if (sizes > 0)
            c->volume /= size_power;
        c->price_scale = (uint8_t)s->price_scale;
        c->size_scale = (uint8_t)s->size_scale;
        c->flags = 0;
    }
    candle_series_digest(s->candles, s->count, &s->digest);
}

const char *candle_series_fault(const struct candle *c, int64_t previous_us, int64_t timeframe_us)
{
    if (c->open_us <= previous_us)
        return "does not open after the one before it";
    if (c->open_us < 0 || c->open_us > CANDLE_TIME_MS_MAX * US_PER_MS)
        return "has a time that no candle can have";
    /* Mostly the next step, which needs no division. */
    if ((previous_us < 0 || c->open_us - previous_us != timeframe_us) &&
        c->open_us % timeframe_us != 0)
        return "does not open at a multiple of its timeframe";
    if (candle_check(c))
        return "has prices that do not fit together, or a negative volume";
    if (c->high > CANDLE_VALUE_MAX || c->volume > CANDLE_VALUE_MAX)
        return "has a number of more than 18 digits";
    return NULL;
}

int64_t candle_series_gap(const struct candle_series *s, size_t i)
{
    const struct candle *c = s->candles;

    return i == 0 ? 0 : (c[i].open_us - c[i - 1].open_us) / s->timeframe_us - 1;
}

size_t candle_series_before(const struct candle_series *s, int64_t at_us)
{
    size_t low = 0, high = s->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (s->candles[middle].open_us < at_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
