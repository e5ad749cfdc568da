/* SPDX-License-Identifier: Apache-2.0 */
/* SIGTERM and SIGINT: the first asks for an orderly end, the second ends at once. */
#ifndef SERVER_LIFECYCLE_H
#define SERVER_LIFECYCLE_H

#include "core/base.h"

/* Before the first thread is made: blocks the signals everywhere, ignores SIGPIPE, allows no core
 * dump (secrets are in memory). */
void lifecycle_init(void);
/* Waits at most timeout_us; the signal's number, or 0. */
int lifecycle_wait(int64_t timeout_us);
/* From now on another signal ends the process with status 1. */
void lifecycle_arm_second(void);

#endif
