/* SPDX-License-Identifier: Apache-2.0 */
/* Prints candles, digit by digit: an export is ten millions of them. */
#include "exchange/candle_write.h"

#include "exchange/whole_file.h"

enum {
    BUFFER_BYTES = 256 * 1024,
    NUMBER_BYTES = 40
};

/* value / 10^scale in the fewest digits, from the end of the buffer backwards. */
static void put_number(struct text *t, int64_t value, int scale, char after)
{
    char buffer[NUMBER_BYTES];
    char *end = buffer + sizeof buffer, *at = end;

    while (scale > 0 && value % 10 == 0) {
        value /= 10;
        scale--;
    }
    *--at = after;
    for (; scale > 0; scale--) {
        *--at = (char)('0' + value % 10);
        value /= 10;
        if (scale == 1)
            *--at = '.';
    }
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    text_append(t, at, (size_t)(end - at));
}

void candle_csv_line(struct text *t, const struct candle *c)
{
    put_number(t, c->open_us / US_PER_MS, 0, ',');
    put_number(t, c->open, c->price_scale, ',');
    put_number(t, c->high, c->price_scale, ',');
    put_number(t, c->low, c->price_scale, ',');
    put_number(t, c->close, c->price_scale, ',');
    put_number(t, c->volume, c->size_scale, '\n');
}

enum err candle_csv_write(const char *path, const struct candle_series *s, struct diag_list *diags)
{
    struct whole_file f;
    struct text t;
    enum err e = whole_file_begin(&f, path, diags);

    text_init(&t, BUFFER_BYTES);
    text_string(&t, CANDLE_CSV_HEADER);
    for (size_t i = 0; !e && i < s->count; i++) {
        candle_csv_line(&t, &s->candles[i]);
        if (t.length > BUFFER_BYTES - CANDLE_CSV_LINE || i + 1 == s->count) {
            e = whole_file_write(&f, t.data, t.length, diags);
            text_clear(&t);
        }
    }
    if (!e)
        e = whole_file_commit(&f, diags);
    whole_file_abandon(&f);
    text_release(&t);
    return e;
}
