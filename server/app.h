/* SPDX-License-Identifier: Apache-2.0 */
/* The composition root of `traderd serve`: everything opened in order, closed in reverse. */
#ifndef SERVER_APP_H
#define SERVER_APP_H

#include "core/config.h"

struct app;

/* Opens data directory, token, database, market, engine and listeners, and serves; before that it
 * stands by while another daemon trades the account.  Diags say what failed; what was opened is
 * closed again.  ERR_SHUTTING_DOWN: a signal came while it stood by. */
MUST_USE enum err app_open(const struct config *config, struct diag_list *diags, struct app **out);
/* Where it listens and how to begin, for people, on stdout. */
void app_greet(const struct app *a);
/* Each second, from the main thread; false when another daemon has taken the account over: close
 * it, and open it again to stand by. */
bool app_tend(struct app *a);
/* Not ready any more; commands are refused; engine, HTTP, store and cluster end in this order. */
void app_close(struct app *a);

#endif
