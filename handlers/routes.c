/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the array of routes from the table. */
#include "handlers/routes.h"

const struct route routes[ROUTE_COUNT_] = {
#define ROUTE(method, path, handler, role, where, repeat) \
    {HTTP_##method, path, handler, ROLE_##role, ROUTE_##where, ROUTE_REPEAT_##repeat},
#include "handlers/routes_table.h"
#undef ROUTE
};
