/* SPDX-License-Identifier: Apache-2.0 */
/* A venue's past candles into a CSV file, page by page, so that a killed download goes on where it
 * stopped.
 *
 * The file grows only by whole pages of closed candles, each on disk before the next is asked for.
 * A last line that was cut is taken off when the download is begun again. */
#ifndef EXCHANGE_CANDLE_DOWNLOAD_H
#define EXCHANGE_CANDLE_DOWNLOAD_H

#include "exchange/binance_client.h"

struct candle_download {
    struct binance_client *client;
    const char *symbol; /* unified */
    int64_t timeframe_us;
    int64_t from_us, to_us; /* candles that open in [from, to) */
    const char *path;       /* grows; not the final file */
    /* After each page: how many candles it had, when the newest opens.  May be NULL. */
    void (*progress)(void *context, size_t count, int64_t open_us);
    void *context;
};

/* Waits for the venue; what fails for the moment is tried again for about a minute.  ERR_IO: the
 * venue or the file; ERR_NOT_FOUND: the venue has no such symbol; ERR_INVALID: the file is of
 * something else.  *resumed: from which instant on candles were asked for. */
MUST_USE enum err candle_download_run(const struct candle_download *d, struct diag_list *diags,
                                      int64_t *resumed_us);

#endif
