/* SPDX-License-Identifier: Apache-2.0 */
/* What the sandbox venue remembers: pairs, orders, trades, balances, positions.
 *
 * Only sandbox/ includes it.  Orders and trades are never forgotten; an id is its index + 1.  The
 * amounts that enter are bounded by each pair's rules (price_max, size_max), so that products fit:
 * an overflow here is our bug and asserted. */
#ifndef SANDBOX_BOOK_H
#define SANDBOX_BOOK_H

#include "core/limits.h"
#include "sandbox/box.h"
#include "sandbox/path.h"

enum {
    BOX_ID = 24,        /* "1000SHIBUSDT" and NUL, with room */
    BOX_CLIENT_ID = 40, /* at most 36 characters */
    BOX_BUCKETS = 4096
};

enum box_market {
    BOX_SPOT,
    BOX_USDM
};

enum box_side {
    BOX_BUY = 1,
    BOX_SELL = -1
};

/* One list for both markets: limit and market, and what waits for a price first. */
enum box_type {
    BOX_LIMIT,
    BOX_MARKET,
    BOX_LIMIT_MAKER,
    BOX_STOP,        /* STOP_LOSS_LIMIT, futures STOP */
    BOX_STOP_MARKET, /* STOP_LOSS, futures STOP_MARKET */
    BOX_TAKE,        /* TAKE_PROFIT_LIMIT, futures TAKE_PROFIT */
    BOX_TAKE_MARKET, /* TAKE_PROFIT, futures TAKE_PROFIT_MARKET */
    BOX_TRAIL,       /* futures TRAILING_STOP_MARKET */
    BOX_TYPE_COUNT_
};

enum box_tif {
    BOX_GTC,
    BOX_IOC,
    BOX_FOK,
    BOX_GTX,
    BOX_GTD
};

enum box_status {
    BOX_NEW,
    BOX_PARTIALLY_FILLED,
    BOX_FILLED,
    BOX_CANCELED,
    BOX_EXPIRED
};

enum box_leg {
    BOX_BOTH,
    BOX_LONG,
    BOX_SHORT,
    BOX_LEG_COUNT_
};

struct box_rules {
    struct price tick, price_max;
    struct size lot, size_max;
    struct money min_notional;
    int price_scale, size_scale; /* of tick and lot */
};

struct box_position {
    struct size amount;  /* negative: short */
    struct money cost;   /* entry notional of |amount| */
    struct money margin; /* isolated: the wallet put behind it */
    int64_t updated_us;
};

struct box_pair {
    char id[BOX_ID];
    char base[LIMIT_ASSET], quote[LIMIT_ASSET];
    enum box_market market;
    struct path path;
    struct box_rules rules;
    bool is_halted;
    int leverage; /* futures */
    bool is_isolated;
    struct box_position positions[BOX_LEG_COUNT_];
    const struct funding *fundings; /* recorded ones, and the next of them */
    size_t funding_count, funding_index;
    int64_t next_funding_us; /* INT64_MAX: never, as on spot */
};

struct box_order {
    int64_t id;
    size_t pair;
    char client_id[BOX_CLIENT_ID];
    enum box_side side;
    enum box_type type;
    enum box_type original; /* what it was sent as: a triggered stop becomes a limit or market */
    enum box_tif tif;
    enum box_status status;
    enum box_leg leg;
    struct price price, stop;
    struct size size, filled, iceberg;
    struct money quote_size, spent; /* quoteOrderQty; quote executed */
    struct money locked;            /* spot: of the quote for buys, of the base for sells */
    int64_t created_us, updated_us, working_us, expires_us; /* expires: 0 never */
    int64_t trail_bips, trail_callback_e4; /* spot trailingDelta; futures callbackRate * 10^4 */
    struct price extreme;                  /* trailing: the best price since activation */
    bool is_waiting;                       /* for its stop price */
    bool is_activated;                     /* trailing: the activation price was reached */
    bool is_algo; /* a futures conditional order: becomes another order when it triggers */
    bool reduce_only, close_position;
    bool is_mark_price; /* workingType=MARK_PRICE: the same price here, only told again */
    char trade_prevention[16];
    int64_t list_id;       /* OCO; 0: none */
    int64_t triggered_us;  /* algo */
    int64_t actual_id;     /* algo: the order it became */
    int64_t hold_until_us; /* partial fill by fault: the rest waits so long */
    uint32_t next;         /* same bucket of client ids: index + 1 */
};

struct box_list {
    int64_t id;
    size_t pair;
    char client_id[BOX_CLIENT_ID];
    int64_t orders[2];
    int64_t created_us;
    bool is_done;
};

struct box_trade {
    int64_t id, order_id;
    size_t pair;
    struct price price;
    struct size size;
    struct money quote, fee, pnl;
    char fee_asset[LIMIT_ASSET];
    enum box_side side;
    enum box_leg leg;
    bool is_maker;
    int64_t at_us;
};

enum box_income_kind {
    BOX_INCOME_PNL,
    BOX_INCOME_FEE,
    BOX_INCOME_FUNDING,
    BOX_INCOME_LIQUIDATION
};

struct box_income {
    enum box_income_kind kind;
    size_t pair;
    struct money amount;
    int64_t at_us, trade_id;
};

struct box_funding {
    size_t pair;
    struct ratio rate;
    struct price mark;
    int64_t at_us;
};

/* Spot: free and locked.  Futures: the wallet is `free`. */
struct box_asset {
    char name[LIMIT_ASSET];
    enum box_market market;
    struct money free, locked;
};

/* A growing array; limits are in core/limits.h. */
struct box_array {
    void *items;
    size_t count, capacity;
};

struct box_faults;
struct box_limits;

struct box {
    struct box_options options;
    char key[BOX_KEY_MAX], secret[BOX_KEY_MAX];
    struct box_pair *pairs;
    size_t pair_count;
    struct box_asset *assets;
    size_t asset_count;
    struct box_array orders, lists, trades, income, fundings;
    uint32_t buckets[BOX_BUCKETS];
    int64_t *live; /* ids of orders that may still execute, ascending */
    size_t live_count;
    bool is_dual;           /* futures: hedge mode */
    int64_t now_us;         /* market time up to which everything has happened */
    int64_t wall_us;        /* the newest seen */
    int64_t start_us;       /* wall and market time at the start */
    int64_t stepped_us;     /* by hand */
    int64_t clock_error_us; /* by fault: how far GET time and the checks are off */
    int64_t *countdown_us;  /* countdownCancelAll of each pair; 0: off */
    char listen_key[LIMIT_NAME];
    int64_t listen_key_until_us;
    struct box_limits *limits;
    struct box_faults *faults;
    struct ratio part;    /* of the request under way: see box_plan */
    int64_t query_lag_us; /* by fault: orders and trades are told so late, */
    bool tells_twice;     /* the newest trade twice, */
    bool tells_backwards; /* trades with the newest first */
    bool is_replaying;
};

/* ---- Looking things up (book.c) ---- */

struct box_order *book_order(const struct box *b, int64_t id); /* NULL: no such */
struct box_list *book_list(const struct box *b, int64_t id);
struct box_trade *book_trade(const struct box *b, size_t index);
struct box_income *book_income(const struct box *b, size_t index);
struct box_funding *book_funding(const struct box *b, size_t index);
/* The newest order with that client id; algo orders are names of their own. */
struct box_order *book_by_client(const struct box *b, enum box_market m, const char *client_id,
                                 bool is_algo);
bool book_pair(const struct box *b, enum box_market m, const char *id, size_t *index);
struct box_asset *book_asset(const struct box *b, enum box_market m, const char *name);
bool book_is_live(const struct box_order *o);

/* Copies in, gives it its id; NULL when LIMIT_BOX_ORDERS are remembered or LIMIT_BOX_LIVE open. */
struct box_order *book_add(struct box *b, const struct box_order *o);
struct box_list *book_add_list(struct box *b, const struct box_list *l);
struct box_trade *book_add_trade(struct box *b, const struct box_trade *t);
void book_add_income(struct box *b, const struct box_income *i);
void book_add_funding(struct box *b, const struct box_funding *f);
/* Out of the live ones; its status is set by the caller. */
void book_end(struct box *b, struct box_order *o);

/* Market time at a wall time: what box_call would move to (box_call.c). */
int64_t box_market_at(const struct box *b, int64_t wall_us);

/* ---- Amounts: bounded by the rules, so these cannot overflow ---- */

struct money box_notional(struct price p, struct size s);
struct money box_share(struct money m, struct ratio r); /* half even, 8 decimals */
struct money box_add(struct money a, struct money b);
struct money box_part(struct money m, struct size part, struct size whole); /* 8 decimals */
struct price box_average(struct money m, struct size s);                    /* 0 of 0 */

#endif
