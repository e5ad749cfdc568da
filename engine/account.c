/* SPDX-License-Identifier: Apache-2.0 */
/* The words of trading modes. */
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
