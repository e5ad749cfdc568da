/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a log as its entries name them. */
#ifndef STORE_LOG_CHAIN_H
#define STORE_LOG_CHAIN_H

#include "engine/log_keys.h"
#include "store/pg.h"

/* out->count is 0 for an empty log.  ERR_INVALID: they do not follow one another. */
MUST_USE enum err log_chain_load(struct pg *pg, const char *account, int64_t deadline_us,
                                 struct log_keys *out);

#endif
