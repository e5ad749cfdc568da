/* SPDX-License-Identifier: Apache-2.0 */
/* Funding of a perpetual: one stamp at which longs pay shorts, or get from them. */
#ifndef ENGINE_FUNDING_H
#define ENGINE_FUNDING_H

#include "core/amount.h"

struct funding {
    int64_t at_us;
    struct ratio
        rate; /* a fraction, 0.0001 is 0.01 %: longs pay it, a negative one is paid to them */
    struct price mark; /* 0: not known, the newest close stands in */
};

#endif
