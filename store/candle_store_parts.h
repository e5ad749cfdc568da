/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a candle store; only the candle_store*.c files include it. */
#ifndef STORE_CANDLE_STORE_PARTS_H
#define STORE_CANDLE_STORE_PARTS_H

#include "store/candle_store.h"
#include "store/pg.h"

struct candle_store {
    struct pg_target target;
    struct pg pg;
};

/* When ten millions of rows must have been written or read: a server that answers no more. */
#define CANDLE_STORE_DEADLINE_US (3600 * US_PER_S)

/* Notes what the database said about a failure that has no diag of its own yet; returns e. */
enum err candle_store_refuse(const struct candle_store *s, struct diag_list *diags, enum err e);

#endif
