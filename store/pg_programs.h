/* SPDX-License-Identifier: Apache-2.0 */
/* Where PostgreSQL's programs are, and as which user they may run. */
#ifndef STORE_PG_PROGRAMS_H
#define STORE_PG_PROGRAMS_H

#include <sys/types.h>

#include "core/error.h"
#include "core/limits.h"

/* The folder that has both initdb and postgres: of major version `wanted` (0: any, the highest),
 * below /usr/lib/postgresql, other usual places, then PATH.  ERR_NOT_FOUND with a diag. */
MUST_USE enum err pg_programs_find(int wanted, struct diag_list *diags, char folder[LIMIT_PATH]);

struct pg_user {
    uid_t uid;
    gid_t gid;
    char name[LIMIT_NAME];   /* the cluster's operating system user */
    char caller[LIMIT_NAME]; /* the daemon's */
    bool drop;               /* the daemon is root: it must become the other */
};

/* As root: postgres, else traderd, else nobody; else the daemon's own user. */
MUST_USE enum err pg_user_choose(struct diag_list *diags, struct pg_user *out);

#endif
