/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox venue's core: Binance's REST protocol for spot and USD-M futures as a function of
 * requests and time.
 *
 * Pure: no socket, no file, no clock, no randomness but a seeded one; one thread at a time.  A
 * simulation drives it in-process, the HTTP shell (sandbox/serve.h) over sockets.
 *
 * Two times: `wall_us` is the caller's clock, against which signatures, rate limits and GET time
 * are judged; market time is derived from it (start + elapsed * speed + steps) and stamps candles,
 * orders and trades.  The recorded candles are moved so that the current one is now when the box is
 * made; at speed 1 both times are the same.
 *
 * The market follows recorded candles: within one, a straight line from the open (held for an
 * eighth of the candle) to the nearer extreme, the other extreme and the close (held for the last
 * eighth).  The best bid and ask stand `slippage` away from that price.  A resting limit fills as
 * maker when the line touches it, a stop triggers when the line touches it and fills at the bid or
 * ask then; orders that cross fill at once.  What lies between two calls is found exactly, so the
 * outcome does not depend on how often the box is asked. */
#ifndef SANDBOX_BOX_H
#define SANDBOX_BOX_H

#include "core/text.h"
#include "engine/candle.h"
#include "engine/funding.h"

struct box_series {
    const char *symbol; /* unified: BTC/USDT; BTC/USDT:USDT for futures alone */
    const struct candle *candles;
    size_t count;
    int64_t timeframe_us;
    int price_scale;                /* of all candles */
    const struct funding *fundings; /* recorded rates by time, borrowed too; NULL: none */
    size_t funding_count;
};

enum {
    BOX_KEY_MAX = 129 /* twice what Binance's have, and NUL */
};

struct box_options {
    const struct box_series *series; /* candles and names are borrowed while the box lives */
    size_t series_count;
    const char *key, *secret; /* copied; shorter than BOX_KEY_MAX */
    struct money spot_quote;  /* what spot holds of each quote asset at the start, */
    struct money spot_base;   /* of each base asset, */
    struct money margin;      /* and the futures wallet of each quote asset */
    struct ratio spot_fee, maker_fee, taker_fee; /* the latter two: futures */
    struct ratio slippage;
    struct ratio funding_rate; /* each 8 hours, where none is recorded */
    int64_t start_us;          /* wall time */
    int64_t speed_milli;       /* market milliseconds a wall second */
    int64_t weight_limit;      /* request weight a minute; 0: Binance's; below 0: no limits */
    uint64_t seed;
};

struct box;

/* ERR_INVALID with a diag when a series cannot be traded (name, no candles, price too high). */
MUST_USE enum err box_new(const struct box_options *options, struct diag_list *diags,
                          struct box **out);
void box_free(struct box *b); /* NULL allowed */

/* One request as it came; texts are borrowed for the call. */
struct box_request {
    const char *method; /* GET POST PUT DELETE */
    const char *path;   /* without the query */
    const char *query;  /* as sent, without '?'; "" for none */
    const char *body;   /* "" for none */
    const char *key;    /* X-MBX-APIKEY; NULL: none */
};

enum {
    BOX_HEADERS = 8
};

struct box_answer {
    int status;
    const char *content_type;
    struct text body; /* owned by the caller: box_answer_release */
    size_t header_count;
    struct {
        const char *name;
        char value[32];
    } headers[BOX_HEADERS];
    /* What a durable venue writes down before it answers: lines for box_replay; may be empty. */
    struct text record;
};
void box_answer_init(struct box_answer *a);
void box_answer_release(struct box_answer *a);

/* What faults do to one request, drawn before it is executed. */
struct box_plan {
    bool drop_request;     /* never arrives: nothing is executed, nothing is answered */
    bool drop_answer;      /* executed, but not answered */
    bool twice;            /* arrives a second time after it was executed */
    int64_t before_us;     /* waits so long before it is executed, */
    int64_t after_us;      /* and before it is answered */
    int status;            /* not 0: answered so, whatever happened */
    bool executes;         /* with a status: executed all the same */
    char answer[256];      /* the body that goes with the status */
    struct ratio part;     /* above 0: the first execution fills this share only */
    int64_t retry_after_s; /* not 0: the header */
};
/* Draws; changes the fault schedule's state and nothing else. */
void box_plan(struct box *b, const struct box_request *rq, int64_t wall_us, struct box_plan *out);

/* Executes and answers as the plan says (NULL: no faults); the caller does the waiting and the
 * dropping.  Wall time that runs backwards is held. */
void box_call(struct box *b, const struct box_request *rq, const struct box_plan *plan,
              int64_t wall_us, struct box_answer *answer);

/* Market time as of the newest call. */
int64_t box_market_us(const struct box *b);
/* Lets happen what has happened by then; box_call does it first. */
void box_move(struct box *b, int64_t wall_us, struct box_answer *answer);
/* Moves market time by hand, not backwards (for speed 0). */
void box_step(struct box *b, int64_t by_us, struct box_answer *answer);

/* Faults by script (docs/sandbox.md has the grammar): adds the rules of a text, or none of them.
 * ERR_SYNTAX with line and hint. */
MUST_USE enum err box_faults_add(struct box *b, const char *text, int64_t wall_us,
                                 struct diag_list *diags);
void box_faults_clear(struct box *b, struct box_answer *answer);
/* Everything as the venue holds it: orders, trades, balances, positions, faults that fired. */
void box_state(struct box *b, int64_t wall_us, struct box_answer *answer);

/* The first line of a durable venue's file, and what follows given again: a box made with the same
 * options then holds what it held.  ERR_INVALID when the header is of other candles or options,
 * ERR_SYNTAX for a line that is none of ours. */
void box_header(const struct box *b, struct text *out);
MUST_USE enum err box_replay(struct box *b, const char *line, size_t length);

#endif
