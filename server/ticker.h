/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that does small jobs each second: pings the database, refreshes tokens, prunes. */
#ifndef SERVER_TICKER_H
#define SERVER_TICKER_H

#include "server/pipeline.h"

struct ticker;

MUST_USE enum err ticker_new(struct service *service, struct ticker **out);
void ticker_free(struct ticker *t); /* NULL allowed */

#endif
