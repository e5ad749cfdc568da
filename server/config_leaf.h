/* SPDX-License-Identifier: Apache-2.0 */
/* What a `config` entry says: fees, risk limits and instruments. */
#ifndef SERVER_CONFIG_LEAF_H
#define SERVER_CONFIG_LEAF_H

#include "engine/ledger.h"
#include "server/market.h"

/* Its texts and instruments are those of the configuration and the market. */
struct config_leaf config_leaf_of(const struct config *c, const struct market *m);

#endif
