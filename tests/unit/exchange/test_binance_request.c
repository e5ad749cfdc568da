/* SPDX-License-Identifier: Apache-2.0 */
/* Requests byte for byte as a widely used client sends them, signature included; and against its
 * published request fixtures, key by key. */
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/jnode.h"
#include "exchange/binance_request.h"
#include "tests/support/binance_calls.h"
#include "tests/support/check.h"

static const char *text_of(const struct jnode *n)
{
    return jnode_is(n, J_STRING) ? jnode_text(n) : "";
}

static struct jnode *data(const char *name)
{
    struct jnode *root;
    size_t length;
    char *json = check_data(name, &length);

    assert_ok(jnode_parse(json, length, name, NULL, &root));
    free(json);
    return root;
}

static const char *method_name(enum transport_method m)
{
    return m == TRANSPORT_GET    ? "GET"
           : m == TRANSPORT_POST ? "POST"
           : m == TRANSPORT_PUT  ? "PUT"
                                 : "DELETE";
}

static void draft_init(struct transport_draft *d)
{
    text_init(&d->url, 8192);
    text_init(&d->headers, 8192);
    text_init(&d->body, 8192);
    text_string(&d->url, "");
    text_string(&d->headers, "");
    text_string(&d->body, "");
}

static void draft_release(struct transport_draft *d)
{
    text_release(&d->url);
    text_release(&d->headers);
    text_release(&d->body);
}

static const char *full(const struct text *t)
{
    return t->length > 0 ? t->data : "";
}

static void test_signed_requests_are_equal_byte_for_byte(void **state)
{
    struct jnode *root = data("binance/signed.json");
    const struct jnode *cases = jnode_member(root, "cases");
    const struct binance_keys keys = {jnode_text(jnode_member(root, "key")),
                                      jnode_text(jnode_member(root, "secret"))};
    size_t equal = 0, other = 0;

    (void)state;
    for (size_t i = 0; i < jnode_count(cases); i++) {
        const struct jnode *c = jnode_item(cases, i), *headers = jnode_member(c, "headers"), *v;
        const char *body = text_of(jnode_member(c, "body")), *key;
        struct binance_request r;
        struct transport_draft d;
        enum binance_market m;
        size_t lines = 0;
        void *it = NULL;

        if (!binance_call_build(c, body, &r, &m)) {
            /* The one kind of request we never make: a market order by its quote amount. */
            assert_non_null(strstr(body, "quoteOrderQty"));
            other++;
            continue;
        }
        draft_init(&d);
        binance_request_sign(
            &r, m == BINANCE_SPOT ? "https://api.binance.com" : "https://fapi.binance.com", &keys,
            jnode_integer(jnode_member(root, "now_ms")) * US_PER_MS, 10000, &d);
        assert_string_equal(method_name(r.method), text_of(jnode_member(c, "method")));
        assert_string_equal(full(&d.url), text_of(jnode_member(c, "url")));
        assert_string_equal(full(&d.body), body);
        while (jnode_next(headers, &it, &key, &v)) {
            char line[256];

            (void)snprintf(line, sizeof line, "%s: %s\n", key, jnode_text(v));
            assert_non_null(strstr(full(&d.headers), line));
            lines++;
        }
        for (const char *at = full(&d.headers); *at; at++)
            lines -= *at == '\n';
        assert_int_equal(lines, 0);
        draft_release(&d);
        equal++;
    }
    assert_int_equal(equal, 42);
    assert_int_equal(other, 1);
    jnode_free(root);
}

static bool is_skipped(const struct jnode *skip, const char *pair, size_t length)
{
    for (size_t i = 0; i < jnode_count(skip); i++) {
        if (strlen(jnode_text(jnode_item(skip, i))) == length &&
            strncmp(jnode_text(jnode_item(skip, i)), pair, length) == 0)
            return true;
    }
    /* The fixtures are older than the algo service's own name for the client order id. */
    return length == 12 && strncmp(pair, "clientAlgoId", length) == 0;
}

/* We change orders by our own name for them: it stands where the fixtures have the venue's id; and
 * replace only what nothing was executed of. */
static void rename_ids(char *form, size_t capacity)
{
    static const char *const names[][2] = {
        {"&cancelOrderId=", "&cancelRestrictions=ONLY_NEW&cancelOrigClientOrderId="},
        {"&orderId=", "&origClientOrderId="}};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char *at = strstr(form, names[i][0]), *rest;

        if (!at)
            continue;
        rest = xstrdup(at + strlen(names[i][0]));
        assert_true(snprintf(at, capacity - (size_t)(at - form), "%s%s", names[i][1], rest) > 0);
        free(rest);
    }
}

/* Every key of `a` has the same value in `b`; returns how many keys there are. */
static size_t compare_forms(const char *a, const char *b, const struct jnode *skip)
{
    size_t count = 0;

    for (const char *at = a; at && *at; at = strchr(at, '&') ? strchr(at, '&') + 1 : NULL) {
        const size_t name = strcspn(at, "="), all = strcspn(at, "&");
        char key[64], value[512];

        assert_true(name < sizeof key);
        memcpy(key, at, name);
        key[name] = '\0';
        count++;
        if (is_skipped(skip, at, name))
            continue;
        if (!binance_call_value(b, key, value, sizeof value) || strlen(value) != all - name - 1 ||
            strncmp(value, at + name + 1, strlen(value)) != 0)
            fail_msg("'%s' differs: %s | %s", key, a, b);
    }
    return count;
}

static void test_upstream_fixtures(void **state)
{
    struct jnode *root = data("binance/upstream.json");
    const struct jnode *cases = jnode_member(root, "cases"), *skip = jnode_member(root, "skip");
    const struct binance_keys keys = {"key", "secret"};
    size_t equal = 0, other = 0;

    (void)state;
    for (size_t i = 0; i < jnode_count(cases); i++) {
        const struct jnode *c = jnode_item(cases, i);
        const char *url = text_of(jnode_member(c, "url")),
                   *path = strchr(strstr(url, "//") + 2, '/');
        const char *body = text_of(jnode_member(c, "body")), *form, *ours;
        char renamed[2048];
        struct binance_request r;
        struct transport_draft d;
        enum binance_market m;

        if (!binance_call_build(c, body, &r, &m)) {
            other++;
            continue;
        }
        draft_init(&d);
        binance_request_sign(&r, "", &keys, 0, 10000, &d);
        form = body[0] ? body : strchr(path, '?') ? strchr(path, '?') + 1 : "";
        ours = body[0]                     ? full(&d.body)
               : strchr(full(&d.url), '?') ? strchr(full(&d.url), '?') + 1
                                           : "";
        if (strcmp(text_of(jnode_member(c, "call")), "editOrder") == 0) {
            assert_true(copy_text(renamed, sizeof renamed, form));
            rename_ids(renamed, sizeof renamed);
            form = renamed;
        }
        assert_string_equal(method_name(r.method), text_of(jnode_member(c, "method")));
        assert_int_equal(strcspn(path, "?"), strlen(r.path));
        assert_true(strncmp(path, r.path, strlen(r.path)) == 0);
        assert_int_equal(compare_forms(form, ours, skip), compare_forms(ours, form, skip));
        draft_release(&d);
        equal++;
    }
    /* What is left out are calls we have no use for (listed in docs/venues.md). */
    assert_int_equal(equal, 60);
    assert_int_equal(other, 68);
    jnode_free(root);
}

/* What no fixture has: replace, amend, pairs, the dead man's timer. */
static void test_requests_without_a_fixture(void **state)
{
    struct binance_wish stop = {.symbol = "BTCUSDT",
                                .client_id = "s1",
                                .side = SIDE_SELL,
                                .type = BINANCE_STOP_LOSS,
                                .size = {INT64_C(10000000000)},
                                .stop = {INT64_C(33000000000000000)},
                                .rate_class = RATE_SAFE};
    struct binance_wish target = stop;
    const char *symbols[] = {"BTCUSDT", "LTCUSDT"};
    struct binance_request r;

    (void)state;
    target.client_id = "t1";
    target.type = BINANCE_LIMIT_MAKER;
    target.price = (struct price){INT64_C(40000000000000000)};
    binance_place_pair(&stop, &target, "pair1", &r);
    assert_string_equal(r.path, "/api/v3/orderList/oco");
    assert_string_equal(r.parameters,
                        "symbol=BTCUSDT&listClientOrderId=pair1&side=SELL&quantity=0.01"
                        "&aboveType=LIMIT_MAKER&aboveClientOrderId=t1&abovePrice=40000"
                        "&belowType=STOP_LOSS&belowClientOrderId=s1&belowStopPrice=33000"
                        "&newOrderRespType=RESULT");
    assert_int_equal(r.cost.of[RATE_ORDERS], 2);
    stop.side = target.side = SIDE_BUY;
    binance_place_pair(&stop, &target, "pair1", &r);
    assert_non_null(strstr(r.parameters, "&aboveType=STOP_LOSS&aboveClientOrderId=s1"
                                         "&aboveStopPrice=33000&belowType=LIMIT_MAKER"
                                         "&belowClientOrderId=t1&belowPrice=40000"));
    stop.side = target.side = SIDE_SELL;
    stop.type = BINANCE_STOP_LIMIT; /* where the symbol has no stop that trades at the market */
    stop.price = (struct price){INT64_C(31350000000000000)};
    binance_place_pair(&stop, &target, "pair1", &r);
    assert_non_null(strstr(r.parameters, "&belowType=STOP_LOSS_LIMIT&belowClientOrderId=s1"
                                         "&belowPrice=31350&belowStopPrice=33000"
                                         "&belowTimeInForce=GTC&newOrderRespType=RESULT"));
    binance_cancel_pair("BTCUSDT", "pair1", &r);
    assert_string_equal(r.path, "/api/v3/orderList");
    assert_string_equal(r.parameters, "symbol=BTCUSDT&listClientOrderId=pair1");
    assert_true(r.method == TRANSPORT_DELETE && r.is_signed && r.rate_class == RATE_SAFE);
    stop.type = BINANCE_STOP_LOSS;
    target.side = SIDE_BUY;
    binance_replace(&stop, "old", &r);
    assert_string_equal(r.path, "/api/v3/order/cancelReplace");
    assert_string_equal(r.parameters,
                        "symbol=BTCUSDT&side=SELL&type=STOP_LOSS&newClientOrderId=s1"
                        "&newOrderRespType=FULL&quantity=0.01&stopPrice=33000"
                        "&cancelReplaceMode=STOP_ON_FAILURE&cancelOrigClientOrderId=old"
                        "&cancelRestrictions=ONLY_NEW");
    binance_amend(&target, &r);
    assert_string_equal(r.parameters, "symbol=BTCUSDT&side=BUY&quantity=0.01&price=40000"
                                      "&origClientOrderId=t1");
    assert_int_equal(r.method, TRANSPORT_PUT);
    binance_cancel_after("BTCUSDT", 120000, &r);
    assert_string_equal(r.parameters, "symbol=BTCUSDT&countdownTime=120000");
    assert_int_equal(r.rate_class, RATE_SAFE);
    binance_ask_instruments(BINANCE_SPOT, symbols, 2, &r);
    assert_string_equal(r.parameters, "symbols=%5B%22BTCUSDT%22%2C%22LTCUSDT%22%5D");
    assert_int_equal(r.cost.of[RATE_WEIGHT], 20);
    binance_ask_trades(
        BINANCE_USDM,
        &(struct binance_trades_of){"BTCUSDT", NULL, "77", {TIME_NONE, TIME_NONE, 1000}}, &r);
    assert_string_equal(r.parameters, "symbol=BTCUSDT&fromId=77&limit=1000");
    assert_false(r.is_full);
}

static void test_what_does_not_fit_is_marked(void **state)
{
    static const char name[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *symbols[200];
    struct binance_request r;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(symbols); i++)
        symbols[i] = name;
    binance_ask_instruments(BINANCE_SPOT, symbols, COUNT_OF(symbols), &r);
    assert_true(r.is_full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signed_requests_are_equal_byte_for_byte),
        cmocka_unit_test(test_upstream_fixtures),
        cmocka_unit_test(test_requests_without_a_fixture),
        cmocka_unit_test(test_what_does_not_fit_is_marked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
