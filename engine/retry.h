/* SPDX-License-Identifier: Apache-2.0 */
/* What follows when an attempt at an order certainly came to nothing: another, and when, or none.
 *
 * Pure.  An attempt is only made anew when the one before is proven not to exist (refused, never
 * sent, or absent); one budget of three for each intent, the second 1 s after the first has ended,
 * the third 2 s after the second. */
#ifndef ENGINE_RETRY_H
#define ENGINE_RETRY_H

#include "core/amount.h"
#include "engine/venue_error.h"

enum {
    RETRY_ATTEMPTS_MAX = 3
};

/* What else an error says about the venue, whether or not there is another attempt. */
enum retry_measure {
    RETRY_NOTHING,
    RETRY_HALT_ENTRIES, /* no entries on the account until the operator starts anew */
    RETRY_HALT_SYMBOL,  /* no entries on the symbol until the venue says that it trades */
    RETRY_RECONCILE     /* our picture of the account is wrong: compare */
};

struct retry_case {
    enum venue_error error;
    int attempt; /* the one that came to nothing: 1, 2, ... */
    int alike;   /* how many attempts in a row ended by this error, this one included */
    bool is_entry;
    bool is_stop;           /* a protective stop */
    int64_t retry_after_us; /* what the venue asked for; 0: nothing */
};
struct retry_verdict {
    bool again;
    int64_t delay_us;  /* until the next attempt may be sent */
    struct ratio size; /* of the size before */
    enum retry_measure measure;
    int64_t silence_us; /* no request at all to the venue for so long; 0: none */
};

struct retry_verdict retry_decide(const struct retry_case *c);
/* What the same order may meet no more once some time has passed: the way, the venue's load or
 * maintenance, a key, a reason that we do not know; not what was wrong about the order itself. */
bool retry_passes(enum venue_error error);

#endif
