/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/account: the money. */
#include "handlers/state.h"
#include "handlers/routes.h"

/* GET /v1/account */
enum err account_get(struct request *rq)
{
    return state_read(rq, STATE_ACCOUNT);
}
