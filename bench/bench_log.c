/* SPDX-License-Identifier: Apache-2.0 */
/* What the transparency log costs: entries made durable in batches, one checkpoint a commit, beside
 * raw pipelined inserts of the same bytes; then proofs out of the stored tree.
 *
 *   bench_log FOLDER COUNT BATCH PROOFS
 *
 * Prints one line of JSON: seconds, and the most memory the process has had in KiB. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/clock.h"
#include "core/log.h"
#include "store/log_read.h"
#include "store/pg.h"
#include "store/private_pg.h"

enum {
    ENTRY_BYTES = 344, /* of a trade record, as a rule */
    TURN = 20,         /* batches of one kind before the other has its turn */
    URL_BYTES = 2048
};

static const int64_t patience_us = 60 * US_PER_S;
static const char account_id[] = "sim-paper-bench";

/* No bench goes on after an error. */
static void must(enum err e, const char *what, const struct diag_list *diags)
{
    if (!e)
        return;
    fprintf(stderr, "%s: %s%s%s\n", what, err_sentence(e), diags && diags->count ? ": " : "",
            diags && diags->count ? diags->items[0].message : "");
    exit(1);
}

static struct leaf make_leaf(int64_t n, const char *vkey)
{
    struct leaf l = {.kind = n ? LEAF_CONTROL : LEAF_GENESIS, .at_us = n};
    char *bytes = xmalloc(ENTRY_BYTES + 1);
    int length;

    length = snprintf(bytes, ENTRY_BYTES + 1, "{\"%s\": {\"id\": \"%lld\", \"vkey\": \"%s\"}, ",
                      leaf_kind_name(l.kind), (long long)n, n ? "" : vkey);
    memset(bytes + length, 'x', (size_t)(ENTRY_BYTES - length));
    memcpy(bytes + length, "\"mode\": \"", 9);
    memcpy(bytes + ENTRY_BYTES - 2, "\"}", 3);
    l.bytes = bytes;
    l.length = ENTRY_BYTES;
    digest_of(l.bytes, l.length, &l.proof);
    merkle_leaf(l.bytes, l.length, &l.leaf_hash);
    return l;
}

struct bench {
    struct store *store;
    struct journal journal;
    struct pg raw;
    struct journal_batch batch;
    char vkey[VKEY_BYTES];
    double raw_s, log_s;
};

static const struct pg_statement raw_insert = {
    "raw", "INSERT INTO raw_entry (account, idx, entry) VALUES ($1, $2, $3)"};
static const struct pg_statement raw_begin = {"raw_begin", "BEGIN"};
static const struct pg_statement raw_commit = {"raw_commit", "COMMIT"};

static void raw_batch(struct bench *b)
{
    int64_t first = b->batch.account.log_size - (int64_t)b->batch.leaf_count;
    PGresult *r = NULL;
    struct pg_params p;
    enum err e = pg_pipeline_begin(&b->raw);

    if (!e)
        e = pg_pipeline_push(&b->raw, &raw_begin, NULL);
    for (size_t i = 0; i < b->batch.leaf_count && !e; i++) {
        params_init(&p);
        params_text(&p, account_id);
        params_integer(&p, first + (int64_t)i);
        params_bytes(&p, b->batch.leaves[i].bytes, b->batch.leaves[i].length);
        e = pg_pipeline_push(&b->raw, &raw_insert, &p);
    }
    if (!e)
        e = pg_pipeline_push(&b->raw, &raw_commit, NULL);
    if (!e)
        e = pg_pipeline_run(&b->raw, clock_monotonic_us() + patience_us, &r);
    PQclear(r);
    must(e, "raw inserts", NULL);
}

static void fill_batch(struct bench *b, int64_t first, int64_t count)
{
    journal_batch_clear(&b->batch);
    for (int64_t n = first; n < first + count; n++) {
        struct leaf l = make_leaf(n, b->vkey);

        b->batch.account.last_leaf_us = l.at_us;
        (void)journal_batch_add_leaf(&b->batch, &l);
    }
    b->batch.account.log_size = first + count;
}

/* Some batches raw, then the same ones as a log, by turns. */
static void append_all(struct bench *b, int64_t count, int64_t batch)
{
    for (int64_t from = 0; from < count; from += TURN * batch) {
        for (int kind = 0; kind < 2; kind++) {
            for (int64_t n = from; n < from + TURN * batch && n < count; n += batch) {
                int64_t begun;

                fill_batch(b, n, n + batch < count ? batch : count - n);
                begun = clock_monotonic_us();
                if (kind == 0)
                    raw_batch(b);
                else
                    must(b->journal.commit(b->journal.self, &b->batch), "commit", NULL);
                *(kind == 0 ? &b->raw_s : &b->log_s) +=
                    (double)(clock_monotonic_us() - begun) / 1e6;
            }
        }
    }
}

static double prove_some(struct bench *b, uint64_t count, uint64_t proofs)
{
    struct log_pool_tiles tiles = {.store = b->store, .account = account_id};
    const struct tile_reader reader = store_log_tiles(&tiles);
    struct tile_nodes *nodes = xmalloc(sizeof *nodes);
    int64_t begun = clock_monotonic_us();
    struct merkle_source source;
    struct merkle_proof p;

    for (uint64_t i = 0; i < proofs; i++) {
        tile_nodes_init(nodes, &reader, count);
        source = tile_nodes_source(nodes);
        must(merkle_inclusion(&source, i * 7919 % count, count, &p), "proof", NULL);
    }
    free(nodes);
    return (double)(clock_monotonic_us() - begun) / 1e6;
}

static void open_all(struct bench *b, const char *folder, const char *url,
                     const struct log_signer *signer)
{
    static struct pg_target target;
    struct diag_list diags = {0};
    uint8_t key[ED25519_KEY_BYTES];
    struct vkey vkey;
    const struct store_options o = {.database_url = url,
                                    .connections = 2,
                                    .timeout_us = patience_us,
                                    .data_dir = folder,
                                    .account_id = account_id,
                                    .signer = signer};

    ed25519_public(signer->key, key);
    must(vkey_make(signer->origin, VKEY_ED25519, key, &vkey), "vkey", NULL);
    vkey_print(&vkey, b->vkey);
    must(store_open(&o, &diags, &b->store), "store", &diags);
    b->journal = store_journal(b->store);
    must(pg_target_init(&target, url, 0, &diags), "target", &diags);
    must(pg_connect(&b->raw, &target, clock_monotonic_us() + patience_us, NULL), "connect", NULL);
    must(pg_script(&b->raw,
                   "CREATE TABLE raw_entry (account text, idx bigint, entry bytea NOT NULL,"
                   " PRIMARY KEY (account, idx))",
                   clock_monotonic_us() + patience_us),
         "table", NULL);
    must(pg_prepare(&b->raw, &raw_begin, clock_monotonic_us() + patience_us), "prepare", NULL);
    must(pg_prepare(&b->raw, &raw_insert, clock_monotonic_us() + patience_us), "prepare", NULL);
    must(pg_prepare(&b->raw, &raw_commit, clock_monotonic_us() + patience_us), "prepare", NULL);
    pg_target_release(&target);
}

int main(int count, char **arguments)
{
    static const uint8_t seed[ED25519_SEED_BYTES] = {9};
    struct log_signer signer = {.origin = "traderd.bench/log"};
    struct bench b = {0};
    struct private_pg *server = NULL;
    struct diag_list diags = {0};
    struct rusage usage;
    char url[URL_BYTES];
    int64_t entries;
    double proofs_s;

    if (count != 5) {
        fprintf(stderr, "usage: bench_log FOLDER COUNT BATCH PROOFS\n");
        return 2;
    }
    log_configure(LOG_LEVEL_WARN, LOG_FORMAT_TEXT, 2);
    entries = strtoll(arguments[2], NULL, 10);
    signer.key = ed25519_key_new(seed);
    must(private_pg_start(arguments[1], &diags, &server, url, sizeof url), "cluster", &diags);
    open_all(&b, arguments[1], url, &signer);
    journal_batch_init(&b.batch);
    (void)copy_text(b.batch.account.id, sizeof b.batch.account.id, account_id);
    (void)copy_text(b.batch.account.quote, sizeof b.batch.account.quote, "USDT");
    b.batch.account.cursor_us = TIME_NONE;
    performance_init(&b.batch.account.performance, MONEY_ZERO);
    append_all(&b, entries, strtoll(arguments[3], NULL, 10));
    proofs_s = prove_some(&b, (uint64_t)entries, strtoull(arguments[4], NULL, 10));
    (void)getrusage(RUSAGE_SELF, &usage);
    printf("{\"entries\": %lld, \"raw_s\": %.6f, \"log_s\": %.6f, \"proofs_s\": %.6f,"
           " \"peak_kib\": %ld}\n",
           (long long)entries, b.raw_s, b.log_s, proofs_s, usage.ru_maxrss);
    journal_batch_release(&b.batch);
    pg_close(&b.raw);
    store_close(b.store);
    private_pg_stop(server);
    ed25519_key_free(signer.key);
    return 0;
}
