/* SPDX-License-Identifier: Apache-2.0 */
/* Reads recorded funding rates of one perpetual: CSV with a header, one stamp a line.
 *
 * The header names, in any order and among others, timestamp (or fundingTime, calc_time: Unix
 * milliseconds of the stamp), funding_rate (or fundingRate, last_funding_rate: a fraction, negative
 * when shorts pay) and, unless there is none, mark_price (or markPrice; a field may be empty).
 * These are the names of ccxt-like exports and of Binance's API and archive. */
#ifndef EXCHANGE_FUNDING_FILE_H
#define EXCHANGE_FUNDING_FILE_H

#include "core/digest.h"
#include "core/error.h"
#include "engine/funding.h"

struct funding_series {
    struct funding *items; /* by time, stamps all different */
    size_t count;
    struct digest digest; /* of the values, independent of how they were written */
};
void funding_series_release(struct funding_series *s);

/* Refused with file, line and reason: a missing column, not a number, a rate of 1 or more, a mark
 * that is not positive, stamps that are not in order, more than 12 decimals, no stamp at all.
 * ERR_IO: the file cannot be read; ERR_LIMIT: it is too large; ERR_INVALID: what it says is wrong.
 */
MUST_USE enum err funding_file_read(const char *path, struct diag_list *diags,
                                    struct funding_series *out);
/* The same from bytes; name stands for the file in messages. */
MUST_USE enum err funding_parse(const char *data, size_t length, const char *name,
                                struct diag_list *diags, struct funding_series *out);

#endif
