/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks: bearer tokens from a cache in memory, so that a request needs no database. */
#ifndef SERVER_AUTH_H
#define SERVER_AUTH_H

#include "http/request.h"
#include "store/store.h"

struct auth;

struct auth *auth_new(struct store *store);
void auth_free(struct auth *a); /* NULL allowed */

/* Reads the tokens anew; on error the cache stays as it is. */
MUST_USE enum err auth_refresh(struct auth *a);
/* Tells the database when tokens were last used; called each minute. */
void auth_flush_used(struct auth *a);

/* Fills in the request's principal.  ERR_UNAUTHORIZED with *presented set when a credential was
 * given and refused. */
MUST_USE enum err auth_identify(struct auth *a, struct request *rq, bool *presented);

#endif
