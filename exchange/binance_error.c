/* SPDX-License-Identifier: Apache-2.0 */
/* Judges answers by HTTP status, then by the table of codes. */
#include "exchange/binance_error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "exchange/binance_parse.h"

enum {
    SPOT = 1,
    USDM = 2,
    BOTH = SPOT | USDM,
    LONGEST_RETRY_S = 3 * 86400 /* the longest ban the venue documents */
};

static const struct {
    int code;
    unsigned char markets;
    const char *part;
    enum venue_error error;
    bool is_certain;
    const char *sentence;
} rows[] = {
#define BINANCE_ERROR(code, markets, part, error, certain, sentence) \
    {code, markets, part, VENUE_ERROR_##error, certain, sentence},
#include "exchange/binance_error_table.h"
#undef BINANCE_ERROR
};

static void say(struct binance_verdict *out, enum venue_error e, bool certain, const char *sentence,
                const char *detail)
{
    out->error = e;
    out->is_certain = certain;
    if (out->code != 0)
        (void)snprintf(out->reason, sizeof out->reason, "%s (Binance %lld%s%.80s)", sentence,
                       (long long)out->code, detail[0] ? ": " : "", detail);
    else
        (void)snprintf(out->reason, sizeof out->reason, "%.150s", sentence);
}

void binance_judge_code(enum binance_market m, int64_t code, const char *message,
                        struct binance_verdict *out)
{
    const unsigned char market = m == BINANCE_SPOT ? SPOT : USDM;

    out->code = code;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].code != code || !(rows[i].markets & market) || !strstr(message, rows[i].part))
            continue;
        say(out, rows[i].error, rows[i].is_certain, rows[i].sentence, message);
        return;
    }
    say(out, VENUE_ERROR_OTHER, true, "the venue refused it", message);
}

/* How long nothing may be asked: Retry-After in seconds, else "banned until <ms>". */
static int64_t retry_after(const struct transport_answer *a, const char *message, int64_t wall_us)
{
    const char *until = strstr(message, "banned until ");
    char value[24], *end;
    int64_t us = 0;

    if (transport_answer_header(a, "Retry-After", value, sizeof value)) {
        const long long s = strtoll(value, &end, 10);

        if (end != value && *end == '\0' && s > 0)
            us = (s < LONGEST_RETRY_S ? s : LONGEST_RETRY_S) * US_PER_S;
    } else if (until) {
        const long long ms = strtoll(until + strlen("banned until "), &end, 10);

        if (ms > wall_us / US_PER_MS && ms / 1000 < wall_us / US_PER_S + LONGEST_RETRY_S)
            us = ms * US_PER_MS - wall_us;
    }
    return us;
}

/* What the status alone says; false when the code has to. */
static bool judge_status(const struct transport_answer *a, struct binance_verdict *out,
                         const char *message)
{
    switch (a->status) {
    case 418:
        say(out, VENUE_ERROR_BANNED, true, "the venue has banned this address", message);
        return true;
    case 429:
        say(out, VENUE_ERROR_RATE_LIMIT, true, "too many requests or orders", message);
        return true;
    case 403:
        say(out, VENUE_ERROR_RATE_LIMIT, true, "the venue's firewall refused it (HTTP 403)",
            message);
        return true;
    case 451:
        say(out, VENUE_ERROR_AUTH, true, "the venue does not serve this place (HTTP 451)", message);
        return true;
    case 408:
        say(out, VENUE_ERROR_AMBIGUOUS, false, "the venue took too long (HTTP 408)", message);
        return true;
    default:
        if (a->status < 500)
            return false;
    }
    if (out->code == -1008)
        binance_judge_code(BINANCE_SPOT, -1008, message, out);
    else
        say(out, VENUE_ERROR_AMBIGUOUS, false, "the venue failed: whether it executed is unknown",
            message);
    return true;
}

void binance_judge(enum binance_market m, const struct transport_answer *a, int64_t wall_us,
                   struct binance_verdict *out)
{
    struct binance_refusal refusal = {0};
    bool has_code;

    *out = (struct binance_verdict){0};
    if (a->outcome != TRANSPORT_ANSWERED) {
        const bool unsent = a->outcome == TRANSPORT_NOT_SENT;

        say(out, unsent ? VENUE_ERROR_NOT_SENT : VENUE_ERROR_AMBIGUOUS, unsent, a->reason, "");
        return;
    }
    has_code = binance_parse_refusal(a->body, a->length, &refusal) && refusal.code < 0;
    if (has_code)
        out->code = refusal.code;
    out->retry_after_us = retry_after(a, refusal.message, wall_us);
    if (judge_status(a, out, refusal.message))
        return;
    if (has_code) {
        binance_judge_code(m, refusal.code, refusal.message, out);
        return;
    }
    if (a->status >= 200 && a->status < 300)
        return;
    say(out, VENUE_ERROR_AMBIGUOUS, false, "the venue's answer is not one of its documented ones",
        "");
}
