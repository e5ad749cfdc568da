/* SPDX-License-Identifier: Apache-2.0 */
/* The words of slots. */
#include "engine/strategy_slot.h"

#include <string.h>

#include "core/base.h"

static const char *const effectives[] = {"now", "next_candle", "when_flat"};
static const char *const states[] = {"active", "ending", "ended"};

const char *effective_name(enum effective e)
{
    ASSERT((size_t)e < COUNT_OF(effectives));
    return effectives[e];
}

bool effective_of_name(const char *name, enum effective *out)
{
    for (size_t i = 0; i < COUNT_OF(effectives); i++) {
        if (strcmp(name, effectives[i]) == 0) {
            *out = (enum effective)i;
            return true;
        }
    }
    return false;
}

const char *slot_state_name(enum slot_state s)
{
    ASSERT((size_t)s < COUNT_OF(states));
    return states[s];
}

bool slot_state_of_name(const char *name, enum slot_state *out)
{
    for (size_t i = 0; i < COUNT_OF(states); i++) {
        if (strcmp(name, states[i]) == 0) {
            *out = (enum slot_state)i;
            return true;
        }
    }
    return false;
}
