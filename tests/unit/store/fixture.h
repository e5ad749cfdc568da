/* SPDX-License-Identifier: Apache-2.0 */
/* What the store's tests share: one private cluster a program, a fresh database a test, made-up
 * rows of every kind. */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/amount_text.h"
#include "core/clock.h"
#include "core/jwriter.h"
#include "store/pg.h"
#include "store/private_pg.h"
#include "store/store.h"

enum {
    FIXTURE_URL = 2048,
    FIXTURE_TIMEOUT_MS = 20000 /* nothing is to run into it, however slow the machine */
};

static const int64_t fixture_timeout_us = FIXTURE_TIMEOUT_MS * US_PER_MS;
static const int64_t fixture_now_us = INT64_C(1700000000123456);

struct fixture {
    char folder[64]; /* the cluster's data directory */
    char url[FIXTURE_URL - 128];
    struct private_pg *server;
    int databases;
};
static struct fixture fixture;

static inline int fixture_remove_one(const char *path, const struct stat *s, int kind,
                                     struct FTW *at)
{
    (void)s;
    (void)kind;
    (void)at;
    return remove(path);
}

static inline void fixture_remove(const char *folder)
{
    (void)nftw(folder, fixture_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void fixture_print(const struct diag_list *diags)
{
    for (size_t i = 0; i < diags->count; i++)
        print_message("  %s: %s: %s (%s)\n", diags->items[i].field, diags->items[i].code,
                      diags->items[i].message, diags->items[i].hint);
}

static inline void fixture_folder(char folder[64])
{
    (void)snprintf(folder, 64, "/tmp/traderd-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    /* The cluster's user must be able to pass through. */
    assert_int_equal(chmod(folder, 0755), 0);
}

/* Group set-up and tear-down. */
static inline int fixture_start(void **state)
{
    struct diag_list diags = {0};

    (void)state;
    fixture_folder(fixture.folder);
    if (private_pg_start(fixture.folder, &diags, &fixture.server, fixture.url,
                         sizeof(fixture.url))) {
        fixture_print(&diags);
        return -1;
    }
    return 0;
}

static inline int fixture_stop(void **state)
{
    (void)state;
    private_pg_stop(fixture.server);
    fixture_remove(fixture.folder);
    return 0;
}

/* A session outside of what is tested. */
static inline void fixture_connect(const char *url, struct pg *pg)
{
    struct pg_target target;

    *pg = (struct pg){0};
    assert_int_equal(pg_target_init(&target, url, 0, NULL), ERR_OK);
    if (pg_connect(pg, &target, clock_monotonic_us() + fixture_timeout_us, NULL)) {
        print_message("%s\n", pg->message);
        fail();
    }
    pg_target_release(&target);
}

static inline void fixture_sql(const char *url, const char *sql)
{
    struct pg pg;

    fixture_connect(url, &pg);
    if (pg_script(&pg, sql, clock_monotonic_us() + fixture_timeout_us)) {
        print_message("%s: %s\n", sql, pg.message);
        pg_close(&pg);
        fail();
    }
    pg_close(&pg);
}

/* The one integer a statement gives. */
static inline int64_t fixture_number(const char *url, const char *sql)
{
    struct pg pg;
    PGresult *r = NULL;
    int64_t n;

    fixture_connect(url, &pg);
    assert_int_equal(pg_exec(&pg, sql, NULL, clock_monotonic_us() + fixture_timeout_us, &r),
                     ERR_OK);
    assert_int_equal(PQntuples(r), 1);
    n = result_integer(r, 0, 0);
    PQclear(r);
    pg_close(&pg);
    return n;
}

/* Conninfo of a new, empty database: of keywords that come twice the last one counts. */
static inline void fixture_database(char url[FIXTURE_URL])
{
    char name[64], sql[128];

    (void)snprintf(name, sizeof(name), "test_%d", ++fixture.databases);
    (void)snprintf(sql, sizeof(sql), "CREATE DATABASE %s", name);
    fixture_sql(fixture.url, sql);
    (void)snprintf(url, FIXTURE_URL, "%s dbname=%s", fixture.url, name);
}

/* Ends every session of a database but the asking one. */
static inline void fixture_kill_sessions(const char *url)
{
    fixture_sql(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                     " WHERE datname = current_database() AND pid <> pg_backend_pid()");
}

/* A signer of the tests' own, made once. */
static inline const struct log_signer *fixture_signer(void)
{
    static const uint8_t seed[ED25519_SEED_BYTES] = {7};
    static struct log_signer signer = {.origin = "traderd.test/log"};

    if (!signer.key)
        signer.key = ed25519_key_new(seed);
    return &signer;
}

/* The vkey a genesis of these tests must name. */
static inline const char *fixture_vkey(void)
{
    static char text[VKEY_BYTES];
    uint8_t key[ED25519_KEY_BYTES];
    struct vkey k;

    ed25519_public(fixture_signer()->key, key);
    assert_int_equal(vkey_make(fixture_signer()->origin, VKEY_ED25519, key, &k), ERR_OK);
    vkey_print(&k, text);
    return text;
}

static inline struct store *fixture_store_within(const char *url, const char *folder,
                                                 const char *account, int64_t timeout_us)
{
    const struct store_options options = {.database_url = url,
                                          .connections = 4,
                                          .timeout_us = timeout_us,
                                          .data_dir = folder,
                                          .account_id = account,
                                          .signer = fixture_signer()};
    struct diag_list diags = {0};
    struct store *s = NULL;

    if (store_open(&options, &diags, &s)) {
        fixture_print(&diags);
        fail();
    }
    return s;
}

static inline struct store *fixture_store(const char *url, const char *folder, const char *account)
{
    return fixture_store_within(url, folder, account, fixture_timeout_us);
}

/* ---- Made-up rows: every member has a value of its own ---- */

static inline struct account fixture_account(const char *id)
{
    struct account a = {.mode = MODE_PAPER, .cursor_us = TIME_NONE, .last_leaf_us = TIME_NONE};

    (void)copy_text(a.id, sizeof(a.id), id);
    (void)copy_text(a.quote, sizeof(a.quote), "USDT");
    a.cash.e12 = (i128)10000 * AMOUNT_ONE;
    performance_init(&a.performance, a.cash);
    return a;
}

static inline struct leaf fixture_leaf(enum leaf_kind kind, int64_t n, int64_t at_us)
{
    struct leaf l = {.kind = kind, .at_us = at_us};
    char bytes[256];

    (void)snprintf(bytes, sizeof(bytes),
                   "{\"%s\": {\"id\": \"%lld\"}, \"mode\": \"paper\", \"strategy\": \"s\"}",
                   leaf_kind_name(kind), (long long)n);
    l.bytes = xstrdup(bytes);
    l.length = strlen(bytes);
    digest_of(l.bytes, l.length, &l.proof);
    digest_prefixed(0, l.bytes, l.length, &l.leaf_hash);
    return l;
}

/* The first entry of a log names the key that signs it; of any kind, as rows go with kinds. */
static inline struct leaf fixture_first_leaf(enum leaf_kind kind, int64_t at_us)
{
    struct leaf l = {.kind = kind, .at_us = at_us};
    char bytes[512];

    (void)snprintf(bytes, sizeof(bytes),
                   "{\"genesis\": {\"vkey\": \"%s\"}, \"mode\": \"paper\", \"strategy\": \"\", "
                   "\"timestamp\": \"2023-11-14T22:13:20.000000Z\"}",
                   fixture_vkey());
    l.bytes = xstrdup(bytes);
    l.length = strlen(bytes);
    digest_of(l.bytes, l.length, &l.proof);
    merkle_leaf(l.bytes, l.length, &l.leaf_hash);
    return l;
}

static inline size_t fixture_add_leaf(struct journal_batch *b, enum leaf_kind kind, int64_t n)
{
    struct leaf l = b->account.log_size == 0 ? fixture_first_leaf(kind, fixture_now_us + n)
                                             : fixture_leaf(kind, n, fixture_now_us + n);

    b->account.log_size++;
    b->account.last_leaf_us = l.at_us;
    return journal_batch_add_leaf(b, &l);
}

static inline struct order fixture_order(int64_t id)
{
    struct order o = {.id = id,
                      .intent_id = id,
                      .attempt = 1,
                      .side = id % 2 ? SIDE_BUY : SIDE_SELL,
                      .type = ORDER_MARKET,
                      .purpose = PURPOSE_ENTRY,
                      .status = ORDER_NEW,
                      .created_us = fixture_now_us + id * US_PER_S,
                      .submitted_us = TIME_NONE,
                      .filled_us = TIME_NONE,
                      .ended_us = TIME_NONE,
                      .updated_us = fixture_now_us + id * US_PER_S};
    struct leaf l = fixture_leaf(LEAF_ORDER, id, 0);

    o.leaf_hash = l.leaf_hash;
    hex_print(l.leaf_hash.bytes, 16, o.client_order_id);
    leaf_release(&l);
    (void)copy_text(o.symbol, sizeof(o.symbol), id % 3 ? "BTC/USDT" : "ETH/USDT");
    (void)copy_text(o.strategy, sizeof(o.strategy), "momentum");
    (void)copy_text(o.strategy_id, sizeof(o.strategy_id), "abc");
    o.size.e12 = id * AMOUNT_ONE;
    return o;
}

static inline struct position fixture_position(int64_t id)
{
    struct position p = {.id = id,
                         .direction = id % 2 ? DIRECTION_LONG : DIRECTION_SHORT,
                         .status = POSITION_OPEN,
                         .opened_us = fixture_now_us + id * US_PER_S,
                         .closed_us = TIME_NONE,
                         .updated_us = fixture_now_us + id * US_PER_S};

    (void)copy_text(p.symbol, sizeof(p.symbol), id % 3 ? "BTC/USDT" : "ETH/USDT");
    (void)copy_text(p.strategy, sizeof(p.strategy), "momentum");
    (void)copy_text(p.strategy_id, sizeof(p.strategy_id), "abc");
    p.size.e12 = id * AMOUNT_ONE;
    return p;
}

static inline struct fill fixture_fill(int64_t id, int64_t order_id, int64_t position_id)
{
    struct fill f = {.id = id,
                     .order_id = order_id,
                     .position_id = position_id,
                     .side = id % 2 ? SIDE_BUY : SIDE_SELL,
                     .opens = true,
                     .at_us = fixture_now_us + id * US_PER_S};

    (void)snprintf(f.venue_fill_id, sizeof(f.venue_fill_id), "v%lld", (long long)id);
    (void)copy_text(f.symbol, sizeof(f.symbol), id % 3 ? "BTC/USDT" : "ETH/USDT");
    (void)copy_text(f.strategy, sizeof(f.strategy), "momentum");
    (void)copy_text(f.strategy_id, sizeof(f.strategy_id), "abc");
    (void)copy_text(f.fee_currency, sizeof(f.fee_currency), "USDT");
    (void)snprintf(f.client_order_id, sizeof(f.client_order_id), "c%lld", (long long)order_id);
    f.price.e12 = 42000 * AMOUNT_ONE + 1;
    f.size.e12 = id * AMOUNT_ONE;
    return f;
}

static inline struct signal fixture_signal(int64_t id)
{
    struct signal s = {.id = id,
                       .at_us = fixture_now_us + id * US_PER_S,
                       .candle_us = fixture_now_us,
                       .action = SIGNAL_ENTRY,
                       .side = id % 2 ? SIDE_BUY : SIDE_SELL,
                       .decision = id % 4 ? SIGNAL_ACCEPTED : SIGNAL_DENIED,
                       .denials = id % 4 ? 0 : DENIED_PAUSED};

    (void)copy_text(s.symbol, sizeof(s.symbol), id % 3 ? "BTC/USDT" : "ETH/USDT");
    (void)copy_text(s.strategy, sizeof(s.strategy), "momentum");
    (void)copy_text(s.strategy_id, sizeof(s.strategy_id), "abc");
    (void)copy_text(s.trigger, sizeof(s.trigger), "z > 2");
    return s;
}

/* One round: signal, order, position, fill with leaves, and an equity point. */
static inline void fixture_round(struct journal_batch *b, int64_t n)
{
    struct order o = fixture_order(n);
    struct position p = fixture_position(n);
    struct fill f = fixture_fill(n, n, n);
    struct signal s = fixture_signal(n);
    struct equity_point e = {.at_us = fixture_now_us + n * US_PER_S};
    size_t leaf;

    leaf = fixture_add_leaf(b, LEAF_SIGNAL, n);
    journal_batch_add_signal(b, &s, leaf);
    (void)fixture_add_leaf(b, LEAF_ORDER, n);
    journal_batch_put_order(b, &o);
    leaf = fixture_add_leaf(b, LEAF_TRADE, n);
    journal_batch_put_position(b, &p);
    journal_batch_add_fill(b, &f, leaf);
    e.equity.e12 = n * AMOUNT_ONE;
    journal_batch_add_equity(b, &e);
}

#endif
