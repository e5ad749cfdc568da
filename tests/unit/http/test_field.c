/* SPDX-License-Identifier: Apache-2.0 */
/* Typed fields of bodies and queries, and the problem document that tells of mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/query.h"
#include "http/respond.h"

static const char *const words[] = {"keep", "close", NULL};

struct values {
    char reason[8];
    int64_t count;
    struct size size;
    struct ratio ratio;
    int word;
    bool flag;
    int64_t at_us;
    bool has_size;
};

static enum err parse(struct request *rq, const char *body, struct values *v)
{
    const struct field fields[] = {
        typed_text("reason", v->reason, sizeof v->reason),
        typed_integer("count", &v->count, 1, 10),
        field_present(typed_size("size", &v->size), &v->has_size),
        typed_ratio("ratio", &v->ratio),
        typed_word("word", &v->word, words),
        typed_bool("flag", &v->flag),
        typed_time("at", &v->at_us),
    };

    *v = (struct values){.word = -1};
    request_init(rq, "/v1/x");
    assert_int_equal(request_parse_target(rq), ERR_OK);
    rq->body = body;
    rq->body_length = strlen(body);
    return field_parse(rq, fields, COUNT_OF(fields));
}

static void good_bodies_are_read(void **state)
{
    struct request rq;
    struct values v;

    (void)state;
    assert_int_equal(parse(&rq,
                           "{\"reason\":\"abc\",\"count\":10,\"size\":\"0.5\",\"ratio\":50.5,"
                           "\"word\":\"close\",\"flag\":true,\"at\":\"2024-01-15T10:30:00Z\"}",
                           &v),
                     ERR_OK);
    assert_string_equal(v.reason, "abc");
    assert_int_equal(v.count, 10);
    assert_true(v.size.e12 == 500000000000);
    assert_true(v.has_size);
    assert_true(v.ratio.e12 == 50500000000000);
    assert_int_equal(v.word, 1);
    assert_true(v.flag);
    assert_true(v.at_us == INT64_C(1705314600000000));
    request_release(&rq);
    assert_int_equal(parse(&rq, "", &v), ERR_OK);
    assert_false(v.has_size);
    request_release(&rq);
    assert_int_equal(parse(&rq, "{}", &v), ERR_OK);
    request_release(&rq);
}

static void bad_bodies_name_the_field(void **state)
{
    static const struct {
        const char *body, *pointer;
        enum err wanted;
    } bad[] = {
        {"{\"count\":11}", "/count", ERR_FIELD},
        {"{\"count\":1.5}", "/count", ERR_FIELD},
        {"{\"count\":\"1\"}", "/count", ERR_FIELD},
        {"{\"reason\":\"\"}", "/reason", ERR_FIELD},
        {"{\"reason\":\"12345678\"}", "/reason", ERR_FIELD},
        {"{\"reason\":\"a\\nb\"}", "/reason", ERR_FIELD},
        {"{\"reason\":null}", "/reason", ERR_FIELD},
        {"{\"size\":0.5}", "/size", ERR_FIELD},
        {"{\"size\":\"0\"}", "/size", ERR_FIELD},
        {"{\"size\":\"-1\"}", "/size", ERR_FIELD},
        {"{\"size\":\"1e3\"}", "/size", ERR_FIELD},
        {"{\"size\":\"0.1234567890123\"}", "/size", ERR_FIELD},
        {"{\"ratio\":-1}", "/ratio", ERR_FIELD},
        {"{\"word\":\"drop\"}", "/word", ERR_FIELD},
        {"{\"flag\":1}", "/flag", ERR_FIELD},
        {"{\"at\":\"yesterday\"}", "/at", ERR_FIELD},
        {"{\"reazon\":\"x\"}", "/reazon", ERR_FIELD_UNKNOWN},
        {"{\"a/b~c\":\"x\"}", "/a~1b~0c", ERR_FIELD_UNKNOWN},
        {"[]", "", ERR_FIELD},
        {"{\"count\":1,\"count\":2}", NULL, ERR_SYNTAX},
        {"{", NULL, ERR_SYNTAX},
        {"{}x", NULL, ERR_SYNTAX},
        {"nul", NULL, ERR_SYNTAX},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct request rq;
        struct values v;
        enum err e = parse(&rq, bad[i].body, &v);
        if (e != bad[i].wanted)
            fail_msg("%s: %s", bad[i].body, err_code(e));
        assert_int_equal(rq.diags->count, 1);
        if (bad[i].pointer)
            assert_string_equal(rq.diags->items[0].field, bad[i].pointer);
        request_release(&rq);
    }
}

static void all_mistakes_come_at_once(void **state)
{
    struct request rq;
    struct values v;
    enum err e = parse(&rq, "{\"count\":0,\"x\":1,\"flag\":\"no\"}", &v);

    (void)state;
    assert_int_equal(e, ERR_FIELD);
    assert_int_equal(rq.diags->count, 3);
    copy_text(rq.id, sizeof rq.id, "req-1");
    respond_problem(&rq, e);
    assert_int_equal(rq.response.status, 422);
    assert_string_equal(rq.response.content_type, MEDIA_PROBLEM);
    assert_non_null(strstr(rq.response.body, "\"type\":\"/problems/field_invalid\""));
    assert_non_null(strstr(rq.response.body, "\"code\":\"field_invalid\""));
    assert_non_null(strstr(rq.response.body, "\"instance\":\"/v1/x\""));
    assert_non_null(strstr(rq.response.body, "\"request_id\":\"req-1\""));
    assert_non_null(strstr(rq.response.body, "{\"pointer\":\"/x\",\"code\":\"field_unknown\""));
    request_release(&rq);
}

static void mistakes_tell_what_would_be_right(void **state)
{
    static const struct {
        const char *body, *hint;
    } bad[] = {
        {"{\"count\": 11}", "from 1 to 10"},
        {"{\"count\": \"1\"}", "from 1 to 10"},
        {"{\"word\": \"kep\"}", "one of: keep, close"},
        {"{\"reason\": \"\"}", "1 to 7 bytes"},
    };
    static const char *const many[] = {"one_word_of_a_long_list",     "another_word_of_a_long_list",
                                       "a_third_word_of_a_long_list", "a_fourth_word_of_this_list",
                                       "a_fifth_word_of_a_long_list", NULL};
    int word = 0;
    const struct field long_list = typed_word("word", &word, many);
    int64_t number = 0;
    const struct field open_end = typed_integer("id", &number, 1, INT64_MAX);
    struct diag d = {0};
    struct request rq;
    struct values v;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_int_equal(parse(&rq, bad[i].body, &v), ERR_FIELD);
        assert_string_equal(rq.diags->items[0].hint, bad[i].hint);
        request_release(&rq);
    }
    field_hint(&d, &open_end);
    assert_string_equal(d.hint, "1 or more");
    field_hint(&d, &long_list);
    assert_string_equal(d.hint + strlen(d.hint) - 5, ", ...");
}

static void required_fields_are_missed(void **state)
{
    char name[8] = "";
    const struct field fields[] = {field_required(typed_text("name", name, sizeof name))};
    struct request rq;

    (void)state;
    request_init(&rq, "/");
    assert_int_equal(field_parse(&rq, fields, 1), ERR_FIELD);
    assert_string_equal(rq.diags->items[0].field, "/name");
    request_release(&rq);
}

struct levels {
    double number;
    struct price price;
    struct money money;
    int word;
    bool has_object;
};

static enum err parse_levels(struct request *rq, const char *body, struct levels *v)
{
    const struct field inner[] = {
        field_required(typed_word("type", &v->word, words)),
        typed_money("most", &v->money),
    };
    const struct field fields[] = {
        typed_number("number", &v->number),
        typed_price("price", &v->price),
        field_present(typed_object("how/so", inner, COUNT_OF(inner)), &v->has_object),
    };

    *v = (struct levels){.word = -1};
    request_init(rq, "/v1/x");
    rq->body = body;
    rq->body_length = strlen(body);
    return field_parse(rq, fields, COUNT_OF(fields));
}

static void objects_within_the_body_are_read(void **state)
{
    static const struct {
        const char *body, *pointer;
        enum err wanted;
    } bad[] = {
        {"{\"how/so\":{}}", "/how~1so/type", ERR_FIELD},
        {"{\"how/so\":[]}", "/how~1so", ERR_FIELD},
        {"{\"how/so\":null}", "/how~1so", ERR_FIELD},
        {"{\"how/so\":{\"type\":\"keep\",\"x\":1}}", "/how~1so/x", ERR_FIELD_UNKNOWN},
        {"{\"how/so\":{\"type\":\"keep\",\"most\":5}}", "/how~1so/most", ERR_FIELD},
        {"{\"type\":\"keep\"}", "/type", ERR_FIELD_UNKNOWN},
        {"{\"number\":\"1\"}", "/number", ERR_FIELD},
        {"{\"number\":true}", "/number", ERR_FIELD},
        {"{\"price\":1}", "/price", ERR_FIELD},
        {"{\"price\":\"-1\"}", "/price", ERR_FIELD},
    };
    struct request rq;
    struct levels v;

    (void)state;
    assert_int_equal(parse_levels(&rq,
                                  "{\"number\":-1e-3,\"price\":\"42.5\",\"how/so\":"
                                  "{\"most\":\"7\",\"type\":\"close\"}}",
                                  &v),
                     ERR_OK);
    assert_true(v.number == -1e-3 && v.has_object && v.word == 1);
    assert_true(v.price.e12 == INT64_C(42500000000000) && v.money.e12 == INT64_C(7000000000000));
    request_release(&rq);
    assert_int_equal(parse_levels(&rq, "{\"number\":3}", &v), ERR_OK);
    assert_true(v.number == 3 && !v.has_object);
    request_release(&rq);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        if (parse_levels(&rq, bad[i].body, &v) != bad[i].wanted)
            fail_msg("%s", bad[i].body);
        assert_int_equal(rq.diags->count, 1);
        assert_string_equal(rq.diags->items[0].field, bad[i].pointer);
        request_release(&rq);
    }
}

/* Where the list of mistakes cannot say all, the handler writes it. */
static void a_problem_may_bring_its_own_errors(void **state)
{
    struct request rq;
    struct values v;
    enum err e = parse(&rq, "{\"count\":0}", &v);

    (void)state;
    rq.errors = "[{\"code\":\"mine\"}]";
    respond_problem(&rq, e);
    assert_non_null(strstr(rq.response.body, "\"errors\":[{\"code\":\"mine\"}]"));
    assert_null(strstr(rq.response.body, "/count"));
    request_release(&rq);
}

static enum err query(const char *target, int64_t *limit, bool *verbose)
{
    const struct field fields[] = {typed_integer("limit", limit, 1, 500),
                                   typed_flag("verbose", verbose)};
    struct request rq;
    enum err e;

    request_init(&rq, target);
    e = request_parse_target(&rq);
    if (!e)
        e = query_parse(&rq, fields, COUNT_OF(fields));
    request_release(&rq);
    return e;
}

static void queries_are_read(void **state)
{
    int64_t limit = 50;
    bool verbose = false;

    (void)state;
    assert_int_equal(query("/x", &limit, &verbose), ERR_OK);
    assert_int_equal(limit, 50);
    assert_int_equal(query("/x?limit=7&verbose", &limit, &verbose), ERR_OK);
    assert_int_equal(limit, 7);
    assert_true(verbose);
    assert_int_equal(query("/x?limt=7", &limit, &verbose), ERR_PARAMETER_UNKNOWN);
    assert_int_equal(query("/x?limit=7&limit=8", &limit, &verbose), ERR_PARAMETER);
    assert_int_equal(query("/x?limit=0", &limit, &verbose), ERR_PARAMETER);
    assert_int_equal(query("/x?limit=", &limit, &verbose), ERR_PARAMETER);
    assert_int_equal(query("/x?limit=+7", &limit, &verbose), ERR_PARAMETER);
    assert_int_equal(query("/x?limit=7x", &limit, &verbose), ERR_PARAMETER);
    assert_int_equal(query("/x?limit=99999999999999999999", &limit, &verbose), ERR_PARAMETER);
    assert_int_equal(query("/x?verbose=maybe", &limit, &verbose), ERR_PARAMETER);
    assert_int_equal(query("/x?=1", &limit, &verbose), ERR_PARAMETER_UNKNOWN);
}

static void waits_are_read(void **state)
{
    struct request rq;
    int64_t seconds = -1;

    (void)state;
    request_init(&rq, "/");
    assert_int_equal(query_wait(&rq, "", &seconds), ERR_OK);
    assert_int_equal(seconds, 0);
    assert_int_equal(query_wait(&rq, "30s", &seconds), ERR_OK);
    assert_int_equal(seconds, 30);
    assert_int_equal(query_wait(&rq, "60", &seconds), ERR_OK);
    assert_int_equal(query_wait(&rq, "61", &seconds), ERR_PARAMETER);
    assert_int_equal(query_wait(&rq, "x", &seconds), ERR_PARAMETER);
    assert_int_equal(query_wait(&rq, "-1", &seconds), ERR_PARAMETER);
    rq.headers.prefer = "respond-async, wait=10";
    assert_int_equal(query_wait(&rq, "", &seconds), ERR_OK);
    assert_int_equal(seconds, 10);
    rq.headers.prefer = "wait=forever";
    assert_int_equal(query_wait(&rq, "", &seconds), ERR_OK);
    assert_int_equal(seconds, 0);
    request_release(&rq);
}

struct shares {
    struct ratio share;
    struct text document;
};

static enum err parse_shares(struct request *rq, const char *body, struct shares *v)
{
    const struct field fields[] = {
        typed_share("share", &v->share, (struct ratio){INT64_C(500000000000)}),
        typed_document("document", &v->document),
    };

    v->share = (struct ratio){-1};
    text_clear(&v->document);
    request_init(rq, "/v1/x");
    assert_int_equal(request_parse_target(rq), ERR_OK);
    rq->body = body;
    rq->body_length = strlen(body);
    return field_parse(rq, fields, COUNT_OF(fields));
}

static void shares_are_from_zero_to_their_bound(void **state)
{
    static const struct {
        const char *body;
        int64_t e12; /* -1: refused */
    } table[] = {
        {"{\"share\":0}", 0},
        {"{\"share\":\"0\"}", 0},
        {"{\"share\":\"0.5\"}", 500000000000},
        {"{\"share\":0.25}", 250000000000},
        {"{\"share\":\"0.500000000001\"}", -1},
        {"{\"share\":-0.1}", -1},
        {"{\"share\":\"-0.1\"}", -1},
        {"{\"share\":\"half\"}", -1},
        {"{\"share\":null}", -1},
        {"{}", -1},
    };
    struct request rq;
    struct shares v = {0};

    (void)state;
    text_init(&v.document, 64);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        bool is_fine = table[i].e12 >= 0 || strcmp(table[i].body, "{}") == 0;

        assert_int_equal(parse_shares(&rq, table[i].body, &v), is_fine ? ERR_OK : ERR_FIELD);
        assert_true(v.share.e12 == table[i].e12);
        request_release(&rq);
    }
    text_release(&v.document);
}

static void documents_are_taken_as_text(void **state)
{
    struct request rq;
    struct shares v = {0};

    (void)state;
    text_init(&v.document, 32);
    assert_int_equal(parse_shares(&rq, "{\"document\": {\"b\": [1, 0.1],\n\"a\": {}}}", &v),
                     ERR_OK);
    assert_string_equal(v.document.data, "{\"a\":{},\"b\":[1,0.1]}");
    request_release(&rq);
    assert_int_equal(parse_shares(&rq, "{\"document\": \"a\"}", &v), ERR_FIELD);
    request_release(&rq);
    assert_int_equal(
        parse_shares(&rq, "{\"document\": {\"a\": \"more than thirty-two characters of it\"}}", &v),
        ERR_FIELD);
    request_release(&rq);
    text_release(&v.document);
}

static enum err parse_texts(struct request *rq, const char *body, struct field_texts *out)
{
    const struct field field = typed_texts("names", out);

    request_init(rq, "/v1/x");
    assert_int_equal(request_parse_target(rq), ERR_OK);
    rq->body = body;
    rq->body_length = strlen(body);
    return field_parse(rq, &field, 1);
}

static void lists_of_texts_are_bounded_and_different(void **state)
{
    static const char *const bad[] = {"{\"names\":[]}",
                                      "{\"names\":\"a\"}",
                                      "{\"names\":[\"a\",1]}",
                                      "{\"names\":[\"abcd\"]}",
                                      "{\"names\":[\"a\",\"a\"]}",
                                      "{\"names\":[\"a\",\"\"]}",
                                      "{\"names\":[\"a\",\"b\",\"c\",\"d\"]}"};
    char texts[3][4];
    struct field_texts out = {texts[0], sizeof texts[0], 3, 0};
    struct request rq;

    (void)state;
    assert_int_equal(parse_texts(&rq, "{\"names\":[\"abc\",\"b\",\"c\"]}", &out), ERR_OK);
    assert_int_equal(out.count, 3);
    assert_string_equal(texts[0], "abc");
    assert_string_equal(texts[2], "c");
    request_release(&rq);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        out.count = 0;
        assert_int_equal(parse_texts(&rq, bad[i], &out), ERR_FIELD);
        assert_int_equal(out.count, 0);
        assert_string_equal(request_diags(&rq)->items[0].field, "/names");
        request_release(&rq);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_bodies_are_read),
        cmocka_unit_test(bad_bodies_name_the_field),
        cmocka_unit_test(all_mistakes_come_at_once),
        cmocka_unit_test(required_fields_are_missed),
        cmocka_unit_test(mistakes_tell_what_would_be_right),
        cmocka_unit_test(objects_within_the_body_are_read),
        cmocka_unit_test(a_problem_may_bring_its_own_errors),
        cmocka_unit_test(queries_are_read),
        cmocka_unit_test(waits_are_read),
        cmocka_unit_test(shares_are_from_zero_to_their_bound),
        cmocka_unit_test(documents_are_taken_as_text),
        cmocka_unit_test(lists_of_texts_are_bounded_and_different),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
