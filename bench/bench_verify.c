/* SPDX-License-Identifier: Apache-2.0 */
/* A trade log of any size as evidence, and the bare hashing of its entries.
 *
 *   bench_verify make FOLDER ENTRIES     checkpoint, key, tile/..., tile/entries/...
 *   bench_verify hash FOLDER ENTRIES     leaves and tree alone; seconds as JSON */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/bench_world.h"
#include "engine/checkpoint.h"
#include "engine/ledger.h"
#include "engine/tile.h"
#include "server/verify_source.h"

enum {
    ENTRIES_MAX = 100 * 1000 * 1000,
    TRIP_US = 1000 * 1000 * 1000, /* between two round trips */
    KEPT_TILES = 8
};

static const char id[] = "5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f";

/* A log being written. */
struct log {
    const char *folder;
    uint64_t wanted;
    struct merkle_frontier tree;
    struct digest tiles[KEPT_TILES][TILE_WIDTH];
    struct text bundle;
    int64_t at_us, order_id, trade_id, position_id, signal_id, day;
    struct instrument instrument;
    struct money cash;
};

static void write_file(const struct log *l, const char *name, const void *data, size_t length)
{
    char path[2 * LIMIT_PATH];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", l->folder, name);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0755) != 0 && errno != EEXIST)
            bench_die(path, ERR_IO, NULL);
        *slash = '/';
    }
    file = fopen(path, "w");
    if (!file || fwrite(data, 1, length, file) != length || fclose(file) != 0)
        bench_die(path, ERR_IO, NULL);
}

static void tile_name(const struct tile_address *a, char name[TILE_PATH_BYTES + 8])
{
    char path[TILE_PATH_BYTES];

    tile_path_print(a, path);
    (void)snprintf(name, TILE_PATH_BYTES + 8, "tile/%s", path);
}

static void write_tile(struct log *l, unsigned level, uint64_t n, unsigned width)
{
    struct tile_address address = {.level = level, .n = n, .width = width};
    char name[TILE_PATH_BYTES + 8];

    tile_name(&address, name);
    write_file(l, name, l->tiles[level], width * sizeof(struct digest));
    if (level > 0)
        return;
    address.is_entries = true;
    tile_name(&address, name);
    write_file(l, name, l->bundle.data, l->bundle.length);
    text_clear(&l->bundle);
}

static void on_node(void *self, unsigned height, uint64_t n, const struct digest *hash)
{
    struct log *l = self;
    unsigned level = height / TILE_HEIGHT;

    if (height % TILE_HEIGHT != 0)
        return;
    l->tiles[level][n % TILE_WIDTH] = *hash;
    if (n % TILE_WIDTH == TILE_WIDTH - 1)
        write_tile(l, level, n / TILE_WIDTH, TILE_WIDTH);
}

static bool is_full(const struct log *l)
{
    return l->tree.size >= l->wanted;
}

static void append(struct log *l, enum err e, struct leaf *leaf)
{
    const struct merkle_sink sink = {.self = l, .node = on_node};

    if (e)
        bench_die("leaf", e, NULL);
    if (!is_full(l)) {
        bundle_append(leaf->bytes, leaf->length, &l->bundle);
        merkle_append(&l->tree, &leaf->leaf_hash, &sink);
    }
    leaf_release(leaf);
}

static struct leaf_context context_of(const struct log *l, const char *strategy)
{
    return (struct leaf_context){MODE_PAPER, strategy, l->at_us};
}

static void put_begin(struct log *l, const char *origin, const char *vkey)
{
    const struct declared_strategy strategy = {id, "bench", ""};
    const struct genesis genesis = {.origin = origin,
                                    .vkey = vkey,
                                    .build = "bench",
                                    .account_hash = id,
                                    .quote = "USDT",
                                    .starting_equity = l->cash,
                                    .cycle_interval_s = 300,
                                    .pace = "replay"};
    const struct config_leaf config = {.strategies = &strategy,
                                       .strategy_count = 1,
                                       .feed_id = id,
                                       .intrabar = "pessimistic",
                                       .limit_fill = "through",
                                       .instruments = &l->instrument,
                                       .instrument_count = 1};
    struct leaf_context context = context_of(l, "");
    struct leaf leaf;

    append(l, ledger_genesis(&context, &genesis, &leaf), &leaf);
    append(l, ledger_config(&context, &config, &leaf), &leaf);
}

/* A signal, its order, the fill of it and its end. */
static void put_round(struct log *l, struct position *p, enum side side, struct price price)
{
    struct leaf_context context = context_of(l, "bench");
    struct signal s = {.id = ++l->signal_id,
                       .candle_us = l->at_us,
                       .side = side,
                       .action = side == SIDE_BUY ? SIGNAL_ENTRY : SIGNAL_EXIT,
                       .price = price,
                       .size = {INT64_C(10000000000)},
                       .size_asked = {INT64_C(10000000000)}};
    struct order o = {.id = ++l->order_id,
                      .intent_id = l->order_id,
                      .attempt = 1,
                      .side = side,
                      .status = ORDER_FILLED,
                      .size = s.size,
                      .filled = s.size,
                      .decision_price = price,
                      .reduce_only = side == SIDE_SELL};
    struct fill f = {.id = ++l->trade_id,
                     .order_id = o.id,
                     .side = side,
                     .price = price,
                     .size = s.size,
                     .fee = {INT64_C(421505000000)},
                     .order_done = true,
                     .at_us = l->at_us};
    struct leaf leaf;

    copy_text(s.symbol, sizeof s.symbol, l->instrument.symbol);
    copy_text(s.strategy_id, sizeof s.strategy_id, id);
    copy_text(s.trigger, sizeof s.trigger, "fast 42155.20 over slow 42140.75");
    append(l, ledger_signal(&context, &s, &l->instrument, &leaf), &leaf);
    s.leaf_hash = leaf.leaf_hash;
    copy_text(o.symbol, sizeof o.symbol, s.symbol);
    copy_text(o.strategy_id, sizeof o.strategy_id, id);
    append(l, ledger_order(&context, &o, &s.leaf_hash, &l->instrument, &leaf), &leaf);
    copy_text(f.symbol, sizeof f.symbol, s.symbol);
    copy_text(f.strategy_id, sizeof f.strategy_id, id);
    copy_text(f.fee_currency, sizeof f.fee_currency, "USDT");
    copy_text(f.client_order_id, sizeof f.client_order_id, o.client_order_id);
    (void)snprintf(f.venue_fill_id, sizeof f.venue_fill_id, "%lld", (long long)f.id);
    f.order_leaf_hash = o.leaf_hash;
    if (notional_of(price, f.size, ROUND_HALF_EVEN, &f.notional) ||
        position_apply_fill(p, &f, EXIT_SIGNAL, l->instrument.money_scale))
        bench_die("fill", ERR_INTERNAL, NULL);
    append(l, ledger_trade(&context, &f, &l->instrument, &leaf), &leaf);
    l->cash.e12 += (side == SIDE_BUY ? -f.notional.e12 : f.notional.e12) - f.fee.e12;
    o.fee = f.fee;
    append(l, ledger_close(&context, &o, &l->instrument, &leaf), &leaf);
}

static void put_trip(struct log *l)
{
    int64_t cents = 4200000 + l->trade_id * 7919 % 5000;
    struct position p = {.id = ++l->position_id, .direction = DIRECTION_LONG};

    copy_text(p.symbol, sizeof p.symbol, l->instrument.symbol);
    put_round(l, &p, SIDE_BUY, price_from_scaled(cents, 2));
    l->at_us += TRIP_US / 2;
    put_round(l, &p, SIDE_SELL, price_from_scaled(cents + l->trade_id * 104729 % 90000 - 40000, 2));
    l->at_us += TRIP_US / 2;
}

static void put_day(struct log *l)
{
    struct equity_point point = {.equity = l->cash, .cash = l->cash, .is_daily = true};
    struct leaf_context context = context_of(l, "");
    struct leaf leaf;

    point.day = l->at_us / US_PER_DAY;
    if (point.day == l->day)
        return;
    if (l->day == 0)
        l->day = point.day - 1;
    while (l->day < point.day) {
        point.day = ++l->day;
        append(l, ledger_equity(&context, &point, NULL, 0, NULL, &leaf), &leaf);
        point.day = l->at_us / US_PER_DAY;
    }
}

static void make(const char *folder, uint64_t entries)
{
    static struct log l;
    static const uint8_t seed[ED25519_SEED_BYTES] = {1, 2, 3};
    struct ed25519_key *key = ed25519_key_new(seed);
    struct checkpoint c = {.origin = "bench.example/log"};
    uint8_t public_key[ED25519_KEY_BYTES];
    char vkey_text[VKEY_BYTES];
    struct vkey vkey;
    struct text note;

    l = (struct log){.folder = folder, .wanted = entries, .at_us = INT64_C(1700000000000000)};
    l.cash = (struct money){(i128)10000000 * INT64_C(1000000000000)};
    text_init(&l.bundle, TILE_WIDTH * (LIMIT_LEAF_BYTES + 2));
    ed25519_public(key, public_key);
    if (vkey_make(c.origin, VKEY_ED25519, public_key, &vkey) ||
        instrument_init(&l.instrument, "BTC/USDT", price_from_scaled(1, 2), size_from_scaled(1, 5),
                        (struct money){0}))
        bench_die("begin", ERR_INTERNAL, NULL);
    vkey_print(&vkey, vkey_text);
    put_begin(&l, c.origin, vkey_text);
    while (!is_full(&l)) {
        put_day(&l);
        put_trip(&l);
    }
    for (unsigned level = 0; level < KEPT_TILES; level++) {
        uint64_t hashes = l.tree.size >> (TILE_HEIGHT * level);

        if (hashes % TILE_WIDTH)
            write_tile(&l, level, hashes / TILE_WIDTH, (unsigned)(hashes % TILE_WIDTH));
    }
    c.size = l.tree.size;
    merkle_root(&l.tree, &c.root);
    text_init(&note, NOTE_BYTES);
    checkpoint_sign(&c, key, &note);
    write_file(&l, "checkpoint", note.data, note.length);
    write_file(&l, "key", vkey_text, strlen(vkey_text));
    text_release(&note);
    text_release(&l.bundle);
    ed25519_key_free(key);
}

static void hash(const char *folder, uint64_t entries)
{
    struct merkle_frontier tree = {0};
    char path[2 * LIMIT_PATH], name[TILE_PATH_BYTES + 8];
    int64_t wall = bench_now_ns(), cpu = bench_cpu_ns();
    uint64_t bytes = 0;
    unsigned width;

    for (uint64_t n = 0; (width = tile_width(entries, 0, n)) > 0; n++) {
        const struct tile_address address = {.is_entries = true, .n = n, .width = width};
        struct bundle_reader reader;
        struct evidence file;
        const char *entry;
        size_t length;

        tile_name(&address, name);
        (void)snprintf(path, sizeof path, "%s/%s", folder, name);
        if (evidence_map(path, &file))
            bench_die(path, ERR_IO, NULL);
        reader = (struct bundle_reader){file.data, file.data + file.length};
        while (!bundle_next(&reader, &entry, &length)) {
            struct digest leaf;

            merkle_leaf(entry, length, &leaf);
            merkle_append(&tree, &leaf, NULL);
            bytes += length;
        }
        evidence_release(&file);
    }
    printf("{\"entries\":%llu,\"bytes\":%llu,\"wall_s\":%.6f,\"cpu_s\":%.6f}\n",
           (unsigned long long)tree.size, (unsigned long long)bytes,
           (double)(bench_now_ns() - wall) / 1e9, (double)(bench_cpu_ns() - cpu) / 1e9);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "make") == 0) {
        make(argv[2], bench_number(argv[3], ENTRIES_MAX));
        return 0;
    }
    if (argc == 4 && strcmp(argv[1], "hash") == 0) {
        hash(argv[2], bench_number(argv[3], ENTRIES_MAX));
        return 0;
    }
    fprintf(stderr, "usage: bench_verify make|hash FOLDER ENTRIES\n");
    return 2;
}
