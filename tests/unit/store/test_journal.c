/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the journal on PostgreSQL: what is committed comes back equal, and once. */
#include "tests/unit/store/fixture.h"

static const char account_id[] = "sim-paper-main";

/* Fills every byte of amounts and counters with something of its own, so that a member that is not
 * stored, or stored in another's column, is seen. */
static i128 amount_at(int n)
{
    static const i128 limit = (i128)(AMOUNT_LIMIT - 1);

    switch (n % 5) {
    case 0:
        return limit - n;
    case 1:
        return -limit + n;
    case 2:
        return n + 1;
    case 3:
        return -(n + 1);
    default:
        return (i128)n * 1000000 * AMOUNT_ONE + 123456789012 + n;
    }
}

static struct account full_account(int64_t log_size)
{
    struct account a = fixture_account(account_id);
    struct performance *p = &a.performance;
    int64_t *counters[] = {&a.last_order_id,
                           &a.last_activation_id,
                           &a.last_intent_id,
                           &a.last_signal_id,
                           &a.last_position_id,
                           &a.last_fill_id,
                           &a.last_cash_id,
                           &a.signals_accepted,
                           &a.signals_denied,
                           &a.signals_unknown,
                           &a.orders_rejected,
                           &a.cycle_count,
                           &a.feed_shift_us,
                           &p->wins,
                           &p->losses,
                           &p->breakeven,
                           &p->loss_run,
                           &p->loss_run_max,
                           &p->peak_us,
                           &p->trough_us,
                           &p->first_us,
                           &p->last_us,
                           &p->day,
                           &p->bars,
                           &p->bars_exposed,
                           &a.last_leaf_us,
                           &a.cursor_us};
    struct money *amounts[] = {
        &a.cash,         &p->win_sum,          &p->loss_sum,        &p->realized_pnl,
        &p->fees_paid,   &p->turnover,         &p->starting_equity, &p->equity,
        &p->equity_peak, &p->max_drawdown_abs, &p->funding_paid};

    for (size_t i = 0; i < COUNT_OF(counters); i++)
        *counters[i] = INT64_C(1234567890123456) + (int64_t)i * 1000003;
    for (size_t i = 0; i < COUNT_OF(amounts); i++)
        amounts[i]->e12 = amount_at((int)i);
    p->max_drawdown.e12 = amount_at(99);
    a.mode = MODE_LIVE;
    a.phase = PHASE_DECIDED;
    a.wanted = WANTED_PAUSED;
    a.ever_commanded = true;
    (void)copy_text(a.config_strategy_id, sizeof(a.config_strategy_id), "abc");
    (void)copy_text(a.feed_id, sizeof(a.feed_id), "fed");
    memset(&a.config_digest, 0x5a, sizeof(a.config_digest));
    a.log_size = log_size;
    return a;
}

static struct order full_order(void)
{
    struct order o = fixture_order(1);

    o.intent_id = 11;
    o.attempt = 3;
    o.signal_id = 1;
    o.position_id = 1;
    o.type = ORDER_LIMIT;
    o.purpose = PURPOSE_TAKE_PROFIT;
    o.status = ORDER_PARTIALLY_FILLED;
    o.exit_reason = EXIT_TAKE_PROFIT;
    o.reduce_only = true;
    o.oco_group = 5;
    o.size.e12 = amount_at(0);
    o.filled.e12 = amount_at(1);
    o.filled_notional.e12 = amount_at(2);
    o.fee.e12 = amount_at(3);
    o.limit_price.e12 = amount_at(4);
    o.stop_price.e12 = amount_at(5);
    o.decision_price.e12 = amount_at(6);
    o.slippage_tolerance.e12 = amount_at(7);
    o.attached_stop.e12 = amount_at(8);
    o.attached_target.e12 = amount_at(9);
    o.request_expires_us = 7;
    o.expires_us = 8;
    o.replaces_id = 3;
    o.replaced_by = 4;
    o.replaces_filled.e12 = amount_at(10);
    (void)copy_text(o.label, sizeof(o.label), "mine");
    o.error = VENUE_ERROR_FUNDS;
    (void)copy_text(o.venue_order_id, sizeof(o.venue_order_id), "28457");
    o.submitted_us = -1; /* before 1970: no less exact */
    o.filled_us = INT64_C(253402300799999999);
    (void)copy_text(o.reason, sizeof(o.reason), "caf\xc3\xa9 'quoted' \\ \"x\"");
    return o;
}

static struct position full_position(void)
{
    struct position p = fixture_position(1);
    i128 *amounts[] = {&p.size.e12,       &p.entry_size.e12,    &p.entry_notional.e12,
                       &p.entry_fee.e12,  &p.cost_left.e12,     &p.entry_fee_left.e12,
                       &p.exit_size.e12,  &p.exit_notional.e12, &p.fee_size.e12,
                       &p.dust.e12,       &p.exit_fee.e12,      &p.realized_pnl.e12,
                       &p.stop_loss.e12,  &p.take_profit.e12,   &p.trailing_stop.e12,
                       &p.extreme.e12,    &p.worst.e12,         &p.mark.e12,
                       &p.roi_target.e12, &p.first_size.e12,    &p.funding.e12};

    for (size_t i = 0; i < COUNT_OF(amounts); i++)
        *amounts[i] = amount_at((int)i);
    p.direction = DIRECTION_SHORT;
    p.signal_id = 1;
    p.entry_order_id = 2;
    p.stop_order_id = 0;
    p.target_order_id = 4;
    p.exit_order_id = 5;
    p.candles_held = 77;
    p.scale_ins = 3;
    p.scale_outs = 2;
    p.scaled_candles = 70;
    p.exit_reason = EXIT_TIME;
    return p;
}

static struct fill full_fill(void)
{
    struct fill f = fixture_fill(1, 1, 1);

    f.price.e12 = amount_at(0);
    f.size.e12 = amount_at(1);
    f.notional.e12 = amount_at(2);
    f.fee.e12 = amount_at(3);
    f.pnl.e12 = amount_at(4);
    f.slippage.e12 = amount_at(5);
    (void)copy_text(f.fee_currency, sizeof(f.fee_currency), "BNB");
    f.is_maker = true;
    f.order_done = true;
    f.opens = false;
    memset(&f.order_leaf_hash, 0xab, sizeof(f.order_leaf_hash));
    return f;
}

static struct signal full_signal(void)
{
    struct signal s = fixture_signal(1);

    s.action = SIGNAL_EXIT;
    s.decision = SIGNAL_DENIED;
    s.denials = DENIED_OVERFLOW | DENIED_CONFIDENCE;
    s.confidence.e12 = amount_at(0);
    s.price.e12 = amount_at(1);
    s.size.e12 = amount_at(2);
    s.size_asked.e12 = amount_at(3);
    memset(&s.leaf_hash, 0xcd, sizeof(s.leaf_hash));
    return s;
}

/* Structs with padding are compared member by member through their printed columns elsewhere; here
 * both sides were made by zeroing first, so bytes can be compared. */
#define assert_same(a, b) assert_memory_equal(&(a), &(b), sizeof(a))

static struct list_query any_query(void)
{
    return (struct list_query){
        .account = account_id, .from_us = TIME_NONE, .to_us = TIME_NONE, .limit = 10};
}

static struct cash_move full_move(void)
{
    struct cash_move m = {.id = 1,
                          .at_us = INT64_C(1637193600017000),
                          .position_id = 1,
                          .venue_us = INT64_C(1637193600000000)};

    (void)copy_text(m.symbol, sizeof(m.symbol), "XRP/USDT:USDT");
    (void)copy_text(m.strategy, sizeof(m.strategy), "perp");
    (void)copy_text(m.strategy_id, sizeof(m.strategy_id), "id");
    (void)copy_text(m.currency, sizeof(m.currency), "USDT");
    (void)copy_text(m.venue_id, sizeof(m.venue_id), "8886489");
    m.size.e12 = amount_at(0);
    m.mark.e12 = amount_at(1);
    m.rate.e12 = -amount_at(2);
    m.amount.e12 = -amount_at(3);
    return m;
}

static void add_full_rows(struct journal_batch *b)
{
    struct order o;
    struct position p;
    struct fill f;
    struct signal s;
    struct cash_move m;
    struct equity_point mark = {.at_us = fixture_now_us, .is_daily = true, .day = 19675};
    size_t leaf;

    memset(&o, 0, sizeof(o));
    o = full_order();
    p = full_position();
    f = full_fill();
    s = full_signal();
    leaf = fixture_add_leaf(b, LEAF_SIGNAL, 1);
    journal_batch_add_signal(b, &s, leaf);
    (void)fixture_add_leaf(b, LEAF_ORDER, 1);
    journal_batch_put_order(b, &o);
    journal_batch_put_position(b, &p);
    leaf = fixture_add_leaf(b, LEAF_TRADE, 1);
    journal_batch_add_fill(b, &f, leaf);
    leaf = fixture_add_leaf(b, LEAF_CASH, 1);
    m = full_move();
    journal_batch_add_cash(b, &m, leaf);
    mark.equity.e12 = amount_at(0);
    journal_batch_add_equity(b, &mark);
    mark.is_daily = false;
    mark.day = 0;
    mark.at_us++;
    journal_batch_add_equity(b, &mark);
}

static void check_lists(struct store *s, const struct journal_batch *b)
{
    struct list_query q = any_query();
    struct order *orders;
    struct position *positions;
    struct fill *fills;
    struct signal *signals;
    size_t n;
    bool more;

    assert_int_equal(store_orders(s, &q, &orders, &n, &more), ERR_OK);
    assert_int_equal(n, 1);
    assert_same(orders[0], b->orders[0]);
    assert_int_equal(store_positions(s, &q, &positions, &n, &more), ERR_OK);
    assert_int_equal(n, 1);
    assert_same(positions[0], b->positions[0]);
    assert_int_equal(store_fills(s, &q, &fills, &n, &more), ERR_OK);
    assert_int_equal(n, 1);
    assert_same(fills[0], b->fills[0]);
    assert_int_equal(store_signals(s, &q, &signals, &n, &more), ERR_OK);
    assert_int_equal(n, 1);
    assert_same(signals[0], b->signals[0]);
    free(orders);
    free(positions);
    free(fills);
    free(signals);
}

/* What was computed is read back by people alone: each column, beside the leaf that tells it. */
static void check_cash(const char *url, const struct cash_move *m)
{
    char size[AMOUNT_TEXT_MAX], mark[AMOUNT_TEXT_MAX], rate[AMOUNT_TEXT_MAX],
        amount[AMOUNT_TEXT_MAX], sql[1024];

    (void)size_print(m->size, size);
    (void)price_print(m->mark, mark);
    (void)ratio_print(m->rate, rate);
    (void)money_print(m->amount, amount);
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*) FROM cash_move c JOIN log_entry e ON e.account = c.account"
                   " AND e.idx = c.log_idx WHERE e.kind = 'cash' AND c.id = 1"
                   " AND c.kind = 'funding' AND c.position_id = 1 AND c.symbol = '%s'"
                   " AND c.strategy = '%s' AND c.strategy_id = '%s' AND c.currency = '%s'"
                   " AND c.size = %s AND c.mark = %s AND c.rate = %s AND c.amount = %s"
                   " AND c.at = '2021-11-18T00:00:00.017Z' AND c.venue_id = '8886489'"
                   " AND c.venue_at = '2021-11-18T00:00:00Z'",
                   m->symbol, m->strategy, m->strategy_id, m->currency, size, mark, rate, amount);
    assert_int_equal(fixture_number(url, sql), 1);
}

static void everything_comes_back_equal(void **state)
{
    char url[FIXTURE_URL], folder[64];
    struct store *s;
    struct journal j;
    struct journal_batch b;
    struct recovery r = {0};
    const struct strategy_document document = {
        .id = "abc", .name = "momentum", .canonical = "{\"a\": 1}", .length = 8};
    char *text;
    size_t length;

    (void)state;
    fixture_database(url);
    fixture_folder(folder);
    s = fixture_store(url, folder, account_id);
    j = store_journal(s);
    assert_int_equal(j.recover(j.self, account_id, &r), ERR_OK);
    assert_false(r.exists);
    assert_int_equal(r.epoch, 1);
    assert_int_equal(j.store_strategy(j.self, account_id, &document), ERR_OK);
    assert_int_equal(j.store_strategy(j.self, account_id, &document), ERR_OK);
    journal_batch_init(&b);
    b.account = full_account(0);
    (void)fixture_add_leaf(&b, LEAF_GENESIS, 0);
    (void)fixture_add_leaf(&b, LEAF_CONFIG, 0);
    add_full_rows(&b);
    assert_int_equal(j.commit(j.self, &b), ERR_OK);
    check_lists(s, &b);
    check_cash(url, &b.cash[0]);
    store_close(s);

    s = fixture_store(url, folder, account_id);
    j = store_journal(s);
    assert_int_equal(j.recover(j.self, account_id, &r), ERR_OK);
    assert_true(r.exists);
    assert_int_equal(r.epoch, 2); /* of a life of its own */
    assert_same(r.account, b.account);
    assert_int_equal(r.order_count, 1);
    assert_same(r.orders[0], b.orders[0]);
    assert_int_equal(r.position_count, 1);
    assert_same(r.positions[0], b.positions[0]);
    assert_int_equal(r.other_fees.count, 1);
    assert_string_equal(r.other_fees.list[0].currency, "BNB");
    assert_true(r.other_fees.list[0].amount.e12 == amount_at(3));
    assert_int_equal(r.income_count, 1);
    assert_same(r.incomes[0], b.cash[0]);
    assert_int_equal(r.daily.count, 1);
    assert_int_equal(r.daily.day[0], 19675);
    assert_true(r.daily.equity[0].e12 == amount_at(0));
    assert_int_equal(store_strategy_canonical(s, "abc", &text, &length), ERR_OK);
    assert_string_equal(text, "{\"a\": 1}");
    free(text);
    assert_int_equal(store_strategy_canonical(s, "nope", &text, &length), ERR_NOT_FOUND);
    recovery_release(&r);
    journal_batch_release(&b);
    store_close(s);
    fixture_remove(folder);
}

/* Orders and positions that have ended are not recovered; TIME_NONE is null. */
static void ended_rows_are_not_recovered(void **state)
{
    char url[FIXTURE_URL], folder[64];
    struct journal_batch b;
    struct recovery r = {0};
    struct store *s;
    struct journal j;

    (void)state;
    fixture_database(url);
    fixture_folder(folder);
    s = fixture_store(url, folder, account_id);
    j = store_journal(s);
    journal_batch_init(&b);
    b.account = fixture_account(account_id);
    fixture_round(&b, 1);
    fixture_round(&b, 2);
    assert_int_equal(j.commit(j.self, &b), ERR_OK);
    journal_batch_clear(&b);
    {
        struct order o = fixture_order(1);
        struct position p = fixture_position(1);

        o.status = ORDER_FILLED;
        p.status = POSITION_CLOSED;
        p.closed_us = fixture_now_us;
        journal_batch_put_order(&b, &o);
        journal_batch_put_position(&b, &p);
    }
    assert_int_equal(j.commit(j.self, &b), ERR_OK);
    assert_int_equal(j.recover(j.self, account_id, &r), ERR_OK);
    assert_int_equal(r.order_count, 1);
    assert_int_equal(r.orders[0].id, 2);
    assert_int_equal(r.position_count, 1);
    assert_int_equal(r.positions[0].id, 2);
    assert_true(r.account.cursor_us == TIME_NONE);
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM account WHERE cursor_at IS NULL"),
                     1);
    recovery_release(&r);
    journal_batch_release(&b);
    store_close(s);
    fixture_remove(folder);
}

/* ---- Lost answers ---- */

/* The session ends after the server has committed and before the answer is read: simulated by
 * giving the same batch again to a journal whose session was killed. */
static void a_repeated_batch_is_recognised(void **state)
{
    char url[FIXTURE_URL], folder[64];
    struct journal_batch b;
    struct store_stats stats;
    struct store *s;
    struct journal j;
    enum err e;

    (void)state;
    fixture_database(url);
    fixture_folder(folder);
    s = fixture_store(url, folder, account_id);
    j = store_journal(s);
    journal_batch_init(&b);
    b.account = fixture_account(account_id);
    for (int64_t n = 1; n <= 5; n++) {
        journal_batch_clear(&b);
        fixture_round(&b, n);
        assert_int_equal(j.commit(j.self, &b), ERR_OK);
        fixture_kill_sessions(url);
        do {
            e = j.commit(j.self, &b);
            if (e)
                (void)usleep(10000);
        } while (e == ERR_DB_UNAVAILABLE);
        assert_int_equal(e, ERR_OK);
    }
    store_stats(s, &stats);
    assert_true(stats.commit_retries >= 5);
    assert_true(stats.reconnects >= 5);
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM log_entry"), 15);
    assert_int_equal(fixture_number(url, "SELECT max(idx) FROM log_entry"), 14);
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM trade"), 5);
    j.flush(j.self);
    /* Another batch of the same size is another batch. */
    journal_batch_clear(&b);
    b.account.log_size -= 3;
    fixture_round(&b, 77);
    assert_int_equal(j.commit(j.self, &b), ERR_DB_FENCED);
    journal_batch_release(&b);
    store_close(s);
    fixture_remove(folder);
}

/* A transaction that fails midway leaves nothing behind, and the next one works. */
static void a_failed_commit_leaves_nothing(void **state)
{
    char url[FIXTURE_URL], folder[64];
    struct journal_batch b;
    struct store *s;
    struct journal j;
    struct fill f;

    (void)state;
    fixture_database(url);
    fixture_folder(folder);
    s = fixture_store(url, folder, account_id);
    j = store_journal(s);
    journal_batch_init(&b);
    b.account = fixture_account(account_id);
    fixture_round(&b, 1);
    assert_int_equal(j.commit(j.self, &b), ERR_OK);
    journal_batch_clear(&b);
    fixture_round(&b, 2);
    f = b.fills[0];
    (void)copy_text(b.fills[0].venue_fill_id, sizeof(f.venue_fill_id), "v1"); /* told twice */
    assert_int_equal(j.commit(j.self, &b), ERR_DB_QUERY);
    assert_int_equal(fixture_number(url, "SELECT count(*) FROM log_entry"), 3);
    assert_int_equal(fixture_number(url, "SELECT size FROM log_state"), 3);
    b.fills[0] = f;
    assert_int_equal(j.commit(j.self, &b), ERR_OK);
    assert_int_equal(fixture_number(url, "SELECT max(idx) FROM log_entry"), 5);
    /* Text that is not UTF-8 does not stop a commit. */
    journal_batch_clear(&b);
    fixture_round(&b, 3);
    (void)copy_text(b.orders[0].reason, sizeof(b.orders[0].reason), "cut \xe2\x82");
    assert_int_equal(j.commit(j.self, &b), ERR_OK);
    assert_int_equal(
        fixture_number(
            url, "SELECT count(*) FROM orders WHERE reason LIKE 'cut %' AND length(reason) = 6"),
        1);
    journal_batch_release(&b);
    store_close(s);
    fixture_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_comes_back_equal),
        cmocka_unit_test(ended_rows_are_not_recovered),
        cmocka_unit_test(a_repeated_batch_is_recognised),
        cmocka_unit_test(a_failed_commit_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, fixture_start, fixture_stop);
}
