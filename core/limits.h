/* SPDX-License-Identifier: Apache-2.0 */
/* Every maximum of the program, with its reason beside it. */
#ifndef CORE_LIMITS_H
#define CORE_LIMITS_H

enum {
    LIMIT_LEAF_BYTES = 16 * 1024,         /* proofs.md 1.1: larger entries go in as a digest */
    LIMIT_BODY_BYTES = 64 * 1024,         /* request bodies, but for artifacts: LIMIT_JSON_BYTES */
    LIMIT_DRAIN_BYTES = 16 * 1024 * 1024, /* read and thrown away so that a client sees its 413 */
    LIMIT_URI_BYTES = 8 * 1024,
    LIMIT_HEADERS = 100,
    LIMIT_JSON_DEPTH = 32,          /* jansson recurses: bounded before it parses */
    LIMIT_JSON_BYTES = 1024 * 1024, /* an artifact or a configuration file */
    LIMIT_LOG_LINE = 8 * 1024,
    LIMIT_PATH = 1024,

    LIMIT_SYMBOL = 32, /* "BTC/USDT:USDT" and its ending NUL */
    LIMIT_ASSET = 16,
    LIMIT_NAME = 64,       /* strategy and token names, with NUL */
    LIMIT_REASON = 160,    /* reasons, triggers: a sentence, with NUL */
    LIMIT_LABEL = 49,      /* a user's own client order id, with NUL: what brokers allow */
    LIMIT_SYMBOLS = 1024,  /* instruments of one daemon */
    LIMIT_DEADMAN_S = 600, /* whoever watches over trading looks more often */
    LIMIT_OPEN_ORDERS = 4096,
    LIMIT_ENDED_ORDERS = 1024, /* newest ended ones kept: venues tell of fills late */
    LIMIT_OPEN_POSITIONS = 1024,
    LIMIT_FILL_IDS = 64 * 1024, /* newest fills kept to know one that is told again; power of 2 */
    LIMIT_CANDLES = 20 * 1000 * 1000, /* of one file */
    LIMIT_CANDLE_LINE = 1024,         /* bytes of one CSV line */
    LIMIT_FUNDING = 500 * 1000,       /* stamps of one file: 8 h apart, 450 years */
    LIMIT_FUNDING_BYTES = 64 * 1024 * 1024,
    LIMIT_GAP_FILL = 24, /* candles filled flat before state is reset */

    LIMIT_EXPRESSION_BYTES = 4096, /* strategy.md 1.3 */
    LIMIT_INSTRUCTIONS = 256,
    LIMIT_EXPRESSION_DEPTH = 64,
    LIMIT_FEATURES = 64,
    LIMIT_LAG = 1000,
    LIMIT_PERIOD = 5000,

    LIMIT_STRATEGIES = 64,   /* active at once, outside signal sources included */
    LIMIT_EXT_VALUES = 1024, /* values from outside, newest of each name and symbol */
    LIMIT_OTHER_SYMBOLS = 8, /* that one strategy reads beside its own */
    LIMIT_STREAMS = 16,      /* symbols times timeframes of one strategy */
    LIMIT_ROI_STEPS = 32,

    LIMIT_SPOOL_BYTES = 64 * 1024 * 1024, /* commits while the database is away: weeks of exits */
    LIMIT_BOX_ORDERS = 1000 * 1000, /* that the sandbox venue remembers: half a gigabyte at most */
    LIMIT_BOX_LIVE = 4096,          /* of them open at once: each is looked at as prices move */
    LIMIT_BOX_FAULTS = 256,         /* rules of its fault script */

    LIMIT_MAILBOX = 256, /* commands waiting for the engine */
    LIMIT_TOKENS = 1000,
    LIMIT_PAGE = 500,
    LIMIT_PAGE_DEFAULT = 50,
    LIMIT_EQUITY_POINTS = 5000,
    LIMIT_IDEMPOTENCY_KEY = 255,

    LIMIT_BEACON_BYTES = 64 * 1024 * 1024, /* a reader's list of rounds: years of one a minute */

    LIMIT_NET_WAITING = 1024,      /* requests in line for the network */
    LIMIT_NET_SPARES = 8,          /* connections opened ahead: idle ones cost the venue too */
    LIMIT_NET_ORIGIN = 320,        /* scheme, a name of 255 characters, port */
    LIMIT_NET_URL = 8 * 1024,      /* venues answer longer ones with 414 */
    LIMIT_NET_HEADERS = 32 * 1024, /* of one request, of one answer */
    LIMIT_NET_BODY = 64 * 1024,    /* of one request */
    LIMIT_NET_ANSWER =
        1024 * 1024, /* of an ordinary answer; a venue's instruments have their own */
    LIMIT_NET_LARGE =
        16 * 1024 * 1024 /* of lists: instruments of USD-M (2 MB in 2026), open orders */
};

#endif
