/* SPDX-License-Identifier: Apache-2.0 */
/* Query parameters by table, so that `?sumbol=` is an answer of 400 and not of everything. */
#include "http/query.h"

#include <string.h>
#include <strings.h>

#include "http/respond.h"

static const char *nearest(const struct field *fields, size_t count, const char *name)
{
    const char *best = NULL;
    size_t best_distance = 3; /* more than two typos are another word */

    for (size_t i = 0; i < count; i++) {
        size_t distance = edit_distance(fields[i].name, name);
        if (distance < best_distance) {
            best = fields[i].name;
            best_distance = distance;
        }
    }
    return best;
}

static enum err unknown(struct request *rq, const struct field *fields, size_t count,
                        const char *name)
{
    const char *like = nearest(fields, count, name);
    struct diag *d = diag_add(request_diags(rq), *name == '/' || !*name ? "query" : name,
                              err_code(ERR_PARAMETER_UNKNOWN), "There is no such parameter here.");

    if (like)
        diag_hint(d, "did you mean '%s'?", like);
    return request_fail(rq, ERR_PARAMETER_UNKNOWN, "Query parameter '%.64s' is not known.", name);
}

static enum err take(struct request *rq, const struct field *f, size_t index)
{
    const struct parameter *p = &rq->parameters[index];
    const char *why = "";

    for (size_t i = 0; i < index; i++) {
        if (strcmp(rq->parameters[i].name, p->name) == 0) {
            diag_add(request_diags(rq), f->name, "parameter_repeated", "%s is given twice.",
                     f->name);
            return request_fail(rq, ERR_PARAMETER, "Query parameter '%s' is given twice.", f->name);
        }
    }
    if (!field_from_text(f, p->value, &why)) {
        struct diag *d =
            diag_add(request_diags(rq), f->name, err_code(ERR_PARAMETER), "%s %s.", f->name, why);

        field_hint(d, f);
        return request_fail(rq, ERR_PARAMETER, "Query parameter '%s' %s.", f->name, why);
    }
    if (f->present)
        *f->present = true;
    return ERR_OK;
}

enum err query_parse(struct request *rq, const struct field *fields, size_t count)
{
    for (size_t i = 0; i < rq->parameter_count; i++) {
        const struct field *f = NULL;
        enum err e;

        for (size_t k = 0; k < count && !f; k++)
            if (strcmp(fields[k].name, rq->parameters[i].name) == 0)
                f = &fields[k];
        e = f ? take(rq, f, i) : unknown(rq, fields, count, rq->parameters[i].name);
        if (e)
            return e;
    }
    return ERR_OK;
}

/* One or two digits and an optional unit 's'. */
static bool wait_of_text(const char *text, size_t length, int64_t *seconds)
{
    int64_t value = 0;
    size_t i;

    for (i = 0; i < length && i < 3 && text[i] >= '0' && text[i] <= '9'; i++)
        value = value * 10 + (text[i] - '0');
    if (i == 0 || (i != length && !(i + 1 == length && text[i] == 's')) || value > 60)
        return false;
    *seconds = value;
    return true;
}

enum err query_wait(struct request *rq, const char *text, int64_t *seconds)
{
    const char *p = rq->headers.prefer;

    if (*text) {
        if (!wait_of_text(text, strlen(text), seconds))
            return request_fail(rq, ERR_PARAMETER, "wait must be 0 to 60 seconds, such as 30s.");
        return ERR_OK;
    }
    while (p && *p) {
        size_t length;

        p += strspn(p, " \t,;");
        length = strcspn(p, " \t,;");
        if (length > 5 && strncasecmp(p, "wait=", 5) == 0 &&
            wait_of_text(p + 5, length - 5, seconds)) {
            respond_header(rq, "Preference-Applied", "wait=%lld", (long long)*seconds);
            return ERR_OK;
        }
        p += length;
    }
    *seconds = 0;
    return ERR_OK;
}
