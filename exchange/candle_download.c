/* SPDX-License-Identifier: Apache-2.0 */
/* Appends pages of candles to a file, and finds out where it stopped. */
#include "exchange/candle_download.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "exchange/candle_write.h"
#include "exchange/kline_page.h"

enum {
    PAGE_BYTES = BINANCE_KLINES * CANDLE_CSV_LINE,
    TAIL_BYTES = 2 * CANDLE_CSV_LINE, /* has the whole last line */
    ATTEMPTS = 7                      /* pauses of 1, 2, 4, ... 32 s between them */
};

static enum err file_failed(const struct candle_download *d, const char *what,
                            struct diag_list *diags)
{
    (void)diag_add(diags, d->path, "unwritable", "%s: %s", what, strerror(errno));
    return ERR_IO;
}

static enum err other_file(const struct candle_download *d, struct diag_list *diags)
{
    diag_hint(diag_add(diags, d->path, "other_download",
                       "the file does not hold the beginning of this download"),
              "remove it to begin anew");
    return ERR_INVALID;
}

/* What was left by a download that stopped: *next_us is where it goes on, *keep how many bytes of
 * the file are whole. */
static enum err find_end(const struct candle_download *d, int fd, int64_t *next_us, off_t *keep,
                         struct diag_list *diags)
{
    char tail[TAIL_BYTES + 1], *end, *begin;
    const size_t header = strlen(CANDLE_CSV_HEADER);
    struct stat about;
    off_t from;
    ssize_t n;
    int64_t open_us;

    *next_us = d->from_us;
    *keep = 0;
    if (fstat(fd, &about) != 0)
        return file_failed(d, "cannot be looked at", diags);
    n = pread(fd, tail, header, 0);
    if (n < 0)
        return file_failed(d, "cannot be read", diags);
    if ((size_t)n < header)
        return ERR_OK; /* not even the header is whole */
    if (memcmp(tail, CANDLE_CSV_HEADER, header) != 0)
        return other_file(d, diags);
    from = about.st_size > TAIL_BYTES ? about.st_size - TAIL_BYTES : 0;
    n = pread(fd, tail, TAIL_BYTES, from);
    if (n < 0)
        return file_failed(d, "cannot be read", diags);
    tail[n] = '\0';
    end = memrchr(tail, '\n', (size_t)n);
    if (!end)
        return other_file(d, diags);
    *keep = from + (end - tail) + 1;
    begin = memrchr(tail, '\n', (size_t)(end - tail));
    if (!begin)
        return *keep == (off_t)header ? ERR_OK : other_file(d, diags); /* the header alone */
    open_us = strtoll(begin + 1, &end, 10) * US_PER_MS;
    if (*end != ',' || open_us < d->from_us || open_us % d->timeframe_us != 0)
        return other_file(d, diags);
    *next_us = open_us + d->timeframe_us;
    return ERR_OK;
}

static enum err write_all(const struct candle_download *d, int fd, const struct text *t,
                          struct diag_list *diags)
{
    size_t done = 0;

    while (done < t->length) {
        const ssize_t n = write(fd, t->data + done, t->length - done);

        if (n < 0 && errno != EINTR)
            return file_failed(d, "cannot be written", diags);
        done += n > 0 ? (size_t)n : 0;
    }
    return fsync(fd) == 0 ? ERR_OK : file_failed(d, "cannot be written", diags);
}

/* One page, with patience: the venue may be busy, or gone for a moment. */
static enum err fetch(const struct candle_download *d, const char *symbol, int64_t from_us,
                      struct diag_list *diags, struct binance_candles *page)
{
    const struct kline_query q = {symbol, d->timeframe_us, from_us, RATE_DATA};
    enum err e = ERR_IO;

    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        struct diag_list own = {0};

        if (attempt > 0)
            (void)sleep(1u << (attempt - 1));
        e = kline_page(d->client, &q, &own, page);
        if (e != ERR_IO) {
            if (e && own.count > 0)
                *diag_add(diags, "", "", "%s", "") = own.items[0];
            return e;
        }
        if (attempt + 1 == ATTEMPTS)
            *diag_add(diags, "", "", "%s", "") = own.items[0];
    }
    return e;
}

/* Appends the page's closed candles that are wanted.  *next_us moves behind them; unmoved: there is
 * nothing more. */
static enum err store(const struct candle_download *d, int fd, const struct binance_candles *page,
                      int64_t *next_us, struct diag_list *diags)
{
    const size_t closed = kline_closed(page, kline_now(d->client));
    struct text t;
    size_t count = 0;
    enum err e;

    text_init(&t, PAGE_BYTES);
    for (; count < closed && page->items[count].open_us < d->to_us; count++)
        candle_csv_line(&t, &page->items[count]);
    ASSERT(!t.full);
    e = write_all(d, fd, &t, diags);
    text_release(&t);
    if (!e && count > 0) {
        *next_us = page->items[count - 1].open_us + d->timeframe_us;
        if (d->progress)
            d->progress(d->context, count, page->items[count - 1].open_us);
    }
    return e;
}

static enum err go_on(const struct candle_download *d, int fd, int64_t next_us,
                      struct diag_list *diags)
{
    char symbol[BINANCE_SYMBOL];
    enum err e = binance_symbol(binance_client_market(d->client), d->symbol, symbol);

    if (e)
        (void)diag_add(diags, "symbol", "symbol_invalid", "'%s' is no symbol of this market",
                       d->symbol);
    while (!e && next_us < d->to_us) {
        const int64_t before_us = next_us;
        struct binance_candles page;

        e = fetch(d, symbol, next_us, diags, &page);
        if (e)
            break;
        e = store(d, fd, &page, &next_us, diags);
        binance_candles_release(&page);
        if (next_us == before_us)
            break;
    }
    return e;
}

enum err candle_download_run(const struct candle_download *d, struct diag_list *diags,
                             int64_t *resumed_us)
{
    struct text header;
    int64_t next_us;
    off_t keep;
    enum err e;
    int fd = open(d->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

    if (fd < 0)
        return file_failed(d, "cannot be opened", diags);
    e = find_end(d, fd, &next_us, &keep, diags);
    if (!e && (ftruncate(fd, keep) != 0 || lseek(fd, keep, SEEK_SET) != keep))
        e = file_failed(d, "cannot be written", diags);
    if (!e && keep == 0) {
        text_init(&header, CANDLE_CSV_LINE);
        text_string(&header, CANDLE_CSV_HEADER);
        e = write_all(d, fd, &header, diags);
        text_release(&header);
    }
    if (!e) {
        *resumed_us = next_us;
        e = go_on(d, fd, next_us, diags);
    }
    (void)close(fd);
    return e;
}
