/* SPDX-License-Identifier: Apache-2.0 */
/* Every observed error has a class, and it fits the one a widely used client gives it. */
#include "exchange/binance_error.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/jnode.h"
#include "tests/support/check.h"

#define WALL_US (INT64_C(1795328800) * US_PER_S)

/* Bits of our classes. */
#define B(e) (1u << VENUE_ERROR_##e)

/* What each class of the other client may be here. */
static const struct {
    const char *name;
    unsigned allowed;
} classes[] = {
    {"InsufficientFunds", B(FUNDS)},
    {"OrderNotFound", B(NOT_OPEN)},
    {"InvalidNonce", B(CLOCK)},
    {"AuthenticationError", B(AUTH)},
    {"PermissionDenied", B(AUTH) | B(MARKET)}, /* a symbol that the account may not trade */
    {"AccountSuspended", B(AUTH)},
    {"BadSymbol", B(MARKET)},
    {"MarketClosed", B(MARKET)},
    {"RateLimitExceeded", B(RATE_LIMIT)},
    {"DDoSProtection", B(RATE_LIMIT) | B(BANNED)},
    {"RequestTimeout", B(AMBIGUOUS)},
    {"NetworkError", B(AMBIGUOUS)},
    {"OperationFailed", B(AMBIGUOUS) | B(OVERLOAD) | B(OTHER)},
    {"ExchangeNotAvailable", B(AMBIGUOUS) | B(RATE_LIMIT) | B(AUTH)},
    {"OrderImmediatelyFillable", B(WOULD_TRIGGER)},
    {"OrderNotFillable", B(WOULD_TRIGGER) | B(OTHER)},
    {"MarginModeAlreadySet", B(OTHER)},
    {"InvalidOrder", B(FILTER) | B(DUPLICATE_ID) | B(REDUCE_ONLY) | B(OTHER)},
    {"BadRequest", B(FILTER) | B(MARKET) | B(OTHER)},
    {"OperationRejected", B(FILTER) | B(FUNDS) | B(OVERLOAD) | B(OTHER)},
    {"BadResponse", B(AMBIGUOUS)},
};

/* The ones money hangs on, with whether the refusal is certain: s spot, u USD-M, b both. */
static const struct {
    const char *name;
    char market;
    enum venue_error error;
    bool is_certain;
} exact[] = {
    {"HTTP 429 + Retry-After", 'b', VENUE_ERROR_RATE_LIMIT, true},
    {"HTTP 418 banned", 'b', VENUE_ERROR_BANNED, true},
    {"HTTP 403 WAF html", 'b', VENUE_ERROR_RATE_LIMIT, true},
    {"HTTP 500 html", 'b', VENUE_ERROR_AMBIGUOUS, false},
    {"HTTP 502 html", 'b', VENUE_ERROR_AMBIGUOUS, false},
    {"HTTP 503 html", 'b', VENUE_ERROR_AMBIGUOUS, false},
    {"HTTP 503 json -1008", 'b', VENUE_ERROR_OVERLOAD, false},
    {"HTTP 504 html", 'b', VENUE_ERROR_AMBIGUOUS, false},
    {"HTTP 408 -1007", 'b', VENUE_ERROR_AMBIGUOUS, false},
    {"HTTP 400 -1007", 'b', VENUE_ERROR_AMBIGUOUS, false},
    {"conn destroyed", 'b', VENUE_ERROR_AMBIGUOUS, false},
    {"hang > timeout", 'b', VENUE_ERROR_AMBIGUOUS, false},
    {"-1000", 'b', VENUE_ERROR_AMBIGUOUS, false},
    {"-1001", 'b', VENUE_ERROR_AMBIGUOUS, false},
    {"-1006", 'b', VENUE_ERROR_AMBIGUOUS, false},
    {"-1008 @400", 'b', VENUE_ERROR_OVERLOAD, false},
    {"-1013 LOT_SIZE", 'b', VENUE_ERROR_FILTER, true},
    {"-1013 NOTIONAL", 'b', VENUE_ERROR_FILTER, true},
    {"-1015", 'b', VENUE_ERROR_RATE_LIMIT, true},
    {"-1021 late", 'b', VENUE_ERROR_CLOCK, true},
    {"-1021 ahead", 'b', VENUE_ERROR_CLOCK, true},
    {"-2010 insufficient", 'b', VENUE_ERROR_FUNDS, true},
    {"-2010 duplicate", 'b', VENUE_ERROR_DUPLICATE_ID, true},
    {"-2010 market closed", 'b', VENUE_ERROR_MARKET, true},
    {"-2010 post-only", 'b', VENUE_ERROR_WOULD_TRIGGER, true},
    {"-2010 trigger", 'b', VENUE_ERROR_WOULD_TRIGGER, true},
    {"-2010 not permitted", 'b', VENUE_ERROR_MARKET, true},
    {"-2010 generic", 'b', VENUE_ERROR_OTHER, true},
    {"-2011", 'b', VENUE_ERROR_NOT_OPEN, true},
    {"-2013", 'b', VENUE_ERROR_NOT_OPEN, true},
    {"-2015", 'b', VENUE_ERROR_AUTH, true},
    {"-2019", 'u', VENUE_ERROR_FUNDS, true},
    {"-2021", 'u', VENUE_ERROR_WOULD_TRIGGER, true},
    {"-2021", 's', VENUE_ERROR_AMBIGUOUS, false},
    {"-2022", 'u', VENUE_ERROR_REDUCE_ONLY, true},
    {"-2022", 's', VENUE_ERROR_AMBIGUOUS, false},
    {"-4116 dup cid", 'u', VENUE_ERROR_DUPLICATE_ID, true},
    {"-4131", 'u', VENUE_ERROR_OVERLOAD, true},
    {"-4164", 'u', VENUE_ERROR_FILTER, true},
    {"-5022", 'u', VENUE_ERROR_WOULD_TRIGGER, true},
    {"-4111 dup", 'b', VENUE_ERROR_OTHER, true}, /* not in the table: 4xx refuses all the same */
};

static struct transport_answer answer_of(const struct jnode *row, char *headers)
{
    const struct jnode *body = jnode_member(row, "body");
    struct transport_answer a = {.outcome = TRANSPORT_ANSWERED, .headers = headers};

    a.status = (int)jnode_integer(jnode_member(row, "status"));
    a.body = xstrdup(jnode_text(body));
    a.length = strlen(a.body);
    if (a.status == 0) /* the connection broke, or nobody answered */
        a.outcome = TRANSPORT_AMBIGUOUS;
    return a;
}

static void check_class(const char *name, const char *other, enum venue_error e)
{
    for (size_t i = 0; i < COUNT_OF(classes); i++) {
        if (strcmp(classes[i].name, other) != 0)
            continue;
        if (!(classes[i].allowed & (1u << e)))
            fail_msg("%s: %s here, %s there", name, venue_error_name(e), other);
        return;
    }
    /* ExchangeError is "any other"; TypeError is what the client does with a broken body. */
    assert_true(strcmp(other, "ExchangeError") == 0 || strcmp(other, "TypeError") == 0);
}

static void check_exact(const char *name, enum binance_market m, const struct binance_verdict *v,
                        size_t *found)
{
    for (size_t i = 0; i < COUNT_OF(exact); i++) {
        const char market = m == BINANCE_SPOT ? 's' : 'u';

        if (strcmp(exact[i].name, name) != 0 ||
            (exact[i].market != 'b' && exact[i].market != market))
            continue;
        if (v->error != exact[i].error || v->is_certain != exact[i].is_certain)
            fail_msg("%s: %s, %s", name, venue_error_name(v->error), v->reason);
        ++*found;
    }
}

static void test_every_observed_error_has_its_class(void **state)
{
    size_t length, rows = 0, found = 0;
    char *json = check_data("binance/errors.json", &length), headers[] = "";
    const struct jnode *row;
    struct jnode *root;
    const char *name;
    void *it = NULL;

    (void)state;
    assert_ok(jnode_parse(json, length, "errors", NULL, &root));
    while (jnode_next(root, &it, &name, &row)) {
        for (enum binance_market m = BINANCE_SPOT; m < BINANCE_MARKET_COUNT_; m++) {
            struct transport_answer a = answer_of(row, headers);
            /* The other client reads USD-M's codes in the table of another product on spot. */
            const bool foreign =
                m == BINANCE_SPOT && (strncmp(name, "-4", 2) == 0 || strncmp(name, "-5", 2) == 0);
            struct binance_verdict v;

            binance_judge(m, &a, WALL_US, &v);
            free(a.body);
            check_exact(name, m, &v, &found);
            if (strncmp(name, "HTTP 200", 8) == 0) {
                /* The parsers say what is wrong with these. */
                assert_int_equal(v.error, VENUE_ERROR_NONE);
                continue;
            }
            assert_int_not_equal(v.error, VENUE_ERROR_NONE);
            assert_true(a.status == 0 || v.reason[0] != '\0');
            if (!foreign)
                check_class(name,
                            jnode_text(jnode_member(row, m == BINANCE_SPOT ? "spot" : "usdm")),
                            v.error);
        }
        rows++;
    }
    assert_int_equal(rows, 93);
    assert_true(found >= COUNT_OF(exact) + 20);
    jnode_free(root);
    free(json);
}

static struct binance_verdict judge(int status, const char *headers, const char *body)
{
    struct transport_answer a = {.outcome = TRANSPORT_ANSWERED, .status = status};
    struct binance_verdict v;

    a.body = xstrdup(body);
    a.length = strlen(body);
    a.headers = xstrdup(headers);
    binance_judge(BINANCE_SPOT, &a, WALL_US, &v);
    transport_answer_release(&a);
    return v;
}

static void test_how_long_to_wait(void **state)
{
    static const char ban[] =
        "{\"code\":-1003,\"msg\":\"Way too much request weight used; IP banned until "
        "1795328812645.\"}";

    (void)state;
    assert_int_equal(judge(429, "retry-after: 17\r\n", "{}").retry_after_us, 17 * US_PER_S);
    assert_int_equal(judge(418, "Retry-After: 120\r\n", ban).retry_after_us, 120 * US_PER_S);
    assert_int_equal(judge(418, "", ban).retry_after_us, 12645 * US_PER_MS);
    assert_int_equal(judge(418, "", "{\"code\":-1003,\"msg\":\"banned until 1\"}").retry_after_us,
                     0);
    assert_int_equal(judge(418, "Retry-After: 99999999999999999999\r\n", ban).retry_after_us,
                     3 * US_PER_DAY);
    assert_int_equal(judge(429, "Retry-After: soon\r\n", "{}").retry_after_us, 0);
    assert_int_equal(judge(429, "Retry-After: -5\r\n", "{}").retry_after_us, 0);
}

static void test_what_was_not_answered(void **state)
{
    struct transport_answer a = {.outcome = TRANSPORT_NOT_SENT};
    struct binance_verdict v;

    (void)state;
    a.body = a.headers = (char[]){""};
    (void)copy_text(a.reason, sizeof a.reason, "no connection");
    binance_judge(BINANCE_USDM, &a, WALL_US, &v);
    assert_int_equal(v.error, VENUE_ERROR_NOT_SENT);
    assert_true(v.is_certain);
    assert_string_equal(v.reason, "no connection");
    a.outcome = TRANSPORT_AMBIGUOUS;
    a.status = 200; /* cut off in the middle of its body */
    binance_judge(BINANCE_USDM, &a, WALL_US, &v);
    assert_int_equal(v.error, VENUE_ERROR_AMBIGUOUS);
    assert_false(v.is_certain);
}

static void test_odd_answers(void **state)
{
    (void)state;
    assert_int_equal(judge(200, "", "{\"orderId\":1}").error, VENUE_ERROR_NONE);
    /* An error inside a good answer. */
    assert_int_equal(judge(200, "", "{\"code\":-2010,\"msg\":\"Market is closed.\"}").error,
                     VENUE_ERROR_MARKET);
    assert_int_equal(judge(200, "", "{\"code\":200,\"msg\":\"success\"}").error, VENUE_ERROR_NONE);
    /* Refused, but not in words we know: not a proof. */
    assert_int_equal(judge(400, "", "<html>").error, VENUE_ERROR_AMBIGUOUS);
    assert_false(judge(400, "", "<html>").is_certain);
    assert_int_equal(judge(302, "", "").error, VENUE_ERROR_AMBIGUOUS);
    assert_true(judge(400, "", "{\"code\":-9999,\"msg\":\"new\"}").is_certain);
    assert_int_equal(judge(400, "", "{\"code\":-2011}").error, VENUE_ERROR_NOT_OPEN);
    assert_string_equal(judge(400, "", "{\"code\":-2013,\"msg\":\"Order does not exist.\"}").reason,
                        "there is no such order (Binance -2013: Order does not exist.)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_observed_error_has_its_class),
        cmocka_unit_test(test_how_long_to_wait),
        cmocka_unit_test(test_what_was_not_answered),
        cmocka_unit_test(test_odd_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
