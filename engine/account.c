/* SPDX-License-Identifier: Apache-2.0 */
/* The words of trading modes and of what the dead-man switch does. */
#include "engine/account.h"

const char *trading_mode_name(enum trading_mode m)
{
    static const char *const names[] = {
        [MODE_PAPER] = "paper",
        [MODE_LIVE] = "live",
        [MODE_BACKTEST] = "backtest",
    };

    ASSERT(m < COUNT_OF(names));
    return names[m];
}

const char *deadman_action_name(enum deadman_action a)
{
    static const char *const names[] = {
        [DEADMAN_PAUSE] = "pause",
        [DEADMAN_FLATTEN] = "flatten",
    };

    ASSERT(a < COUNT_OF(names));
    return names[a];
}
