/* SPDX-License-Identifier: Apache-2.0 */
/* Content negotiation: what real clients send and what they must get. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/accept.h"

static const struct media offered[] = {
    {"application", "json", NULL},
    {"application", "openmetrics-text", "1.0.0"},
    {"application", "openmetrics-text", "0.0.1"},
    {"text", "plain", "0.0.4"},
};
enum {
    JSON,
    OM1,
    OM0,
    TEXT,
    NONE = -1
};

#define PROMETHEUS_3                                                                      \
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"              \
    "application/openmetrics-text;version=0.0.1;q=0.5,"                                   \
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3," \
    "*/*;q=0.2"

static const struct {
    const char *header;
    int wanted;
} vectors[] = {
    {NULL, JSON},
    {"", JSON},
    {"*/*", JSON},
    {"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", JSON},
    {"application/json, text/plain, */*", JSON},
    {PROMETHEUS_3, OM1},
    {"application/openmetrics-text; version=1.0.0,application/openmetrics-text; "
     "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
     OM1},
    {"application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", OM0},
    {"text/plain;version=0.0.4", TEXT},
    {"text/plain;version=0.0.4;q=1,*/*;q=0.1", TEXT},
    {"text/plain", TEXT},
    {"text/*", TEXT},
    {"application/*", JSON},
    {"application/openmetrics-text", OM1},
    {"APPLICATION/JSON", JSON},
    {"application/json;q=0", NONE},
    {"application/json;q=0, */*;q=0.1", OM1},
    {"*/*;q=0", NONE},
    {"text/html", NONE},
    {"image/png, text/plain;version=0.0.5", NONE},
    {"text/plain; version=\"0.0.4\"; charset=utf-8", TEXT},
    {"text/plain;q=0.1, application/json;q=0.01", TEXT},
    {"application/json;q=0.5, text/plain;q=0.5", JSON},
    {", ,text/plain,,", TEXT},
    {"garbage", JSON},
    {"text/plain;q=2", JSON},
    {"text/plain;q=0.1234", JSON},
    {"/;", JSON},
    {"*/plain", JSON},
    {"text/plain;version=\"unclosed", JSON},
};

static void chooses_what_clients_expect(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        int got = accept_choose(vectors[i].header, offered, COUNT_OF(offered));
        if (got != vectors[i].wanted)
            fail_msg("'%s': %d instead of %d", vectors[i].header ? vectors[i].header : "(none)",
                     got, vectors[i].wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(chooses_what_clients_expect)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
