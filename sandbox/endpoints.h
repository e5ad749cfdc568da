/* SPDX-License-Identifier: Apache-2.0 */
/* Prototypes of all handlers, from the table of calls. */
#ifndef SANDBOX_ENDPOINTS_H
#define SANDBOX_ENDPOINTS_H

#include "sandbox/call.h"

#define CALL(method, path, security, weight, weight_all, run) void run(struct call *c);
#include "sandbox/call_table.h"
#undef CALL

#endif
