/* SPDX-License-Identifier: Apache-2.0 */
/* The table of calls, and the small words handlers speak. */
#include "sandbox/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sandbox/endpoints.h"

static const struct route routes[] = {
#define CALL(method, path, security, weight, weight_all, run) \
    {#method, path, CALL_##security, weight, weight_all, run},
#include "sandbox/call_table.h"
#undef CALL
};

const struct route *call_route(const char *method, const char *path, bool *has_path)
{
    *has_path = false;
    for (size_t i = 0; i < COUNT_OF(routes); i++) {
        if (strcmp(routes[i].path, path) != 0)
            continue;
        *has_path = true;
        if (strcmp(routes[i].method, method) == 0)
            return &routes[i];
    }
    return NULL;
}

bool call_fail_status(struct call *c, int status, int code, const char *message)
{
    if (c->error.status)
        return false;
    c->error.status = status;
    c->error.code = code;
    (void)copy_text(c->error.message, sizeof c->error.message, message);
    return false;
}

bool call_fail(struct call *c, int code, const char *format, ...)
{
    char message[sizeof c->error.message];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return call_fail_status(c, 400, code, message);
}

bool call_missing(struct call *c, const char *name)
{
    return call_fail(c, -1102,
                     "Mandatory parameter '%s' was not sent, was empty/null, or malformed.", name);
}

bool call_pair(struct call *c, const struct asked *p, size_t *pair)
{
    const char *symbol = asked_get(p, "symbol");

    if (!symbol)
        return call_missing(c, "symbol");
    if (!book_pair(c->b, c->market, symbol, pair))
        return call_fail(c, -1121, "Invalid symbol.");
    return true;
}

bool call_integer(struct call *c, const char *name, int64_t low, int64_t high, int64_t *out)
{
    int64_t value = 0;

    switch (asked_integer(&c->params, name, &value)) {
    case ASKED_ABSENT:
        return true;
    case ASKED_BAD:
        return call_fail(c, -1100,
                         "Illegal characters found in parameter '%s'; legal range is "
                         "'^[0-9]{1,20}$'.",
                         name);
    case ASKED_OK:
        break;
    }
    if (value < low || value > high)
        return call_fail(c, -1130, "Data sent for parameter '%s' is not valid.", name);
    *out = value;
    return true;
}

bool call_amount(struct call *c, const struct asked *p, const char *name, i128 *out)
{
    if (asked_amount(p, name, out) == ASKED_BAD)
        return call_fail(c, -1100,
                         "Illegal characters found in parameter '%s'; legal range is "
                         "'^([0-9]{1,20})(\\.[0-9]{1,20})?$'.",
                         name);
    return true;
}

bool call_bool(struct call *c, const struct asked *p, const char *name, bool *out)
{
    if (asked_bool(p, name, out) == ASKED_BAD)
        return call_fail(c, -1130, "Data sent for parameter '%s' is not valid.", name);
    return true;
}

void call_write_error(struct jwriter *w, const struct call_error *e)
{
    jw_object(w);
    jw_member_integer(w, "code", e->code);
    jw_member_text(w, "msg", e->message);
    jw_object_end(w);
}

void put_ms(struct jwriter *w, const char *key, int64_t us)
{
    jw_member_integer(w, key, ms_of(us));
}
