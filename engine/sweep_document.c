/* SPDX-License-Identifier: Apache-2.0 */
/* Finds members in an artifact's text, and writes what was measured into the winner's. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/double_text.h"
#include "engine/sweep.h"

static size_t skip_blank(const char *json, size_t at)
{
    return at + strspn(json + at, " \t\r\n");
}

static size_t skip_string(const char *json, size_t at)
{
    for (at++; json[at] != '"'; at++)
        if (json[at] == '\\')
            at++;
    return at + 1;
}

/* Behind the value that begins here; the document is known to be valid. */
static size_t skip_value(const char *json, size_t at)
{
    int depth = 0;

    if (json[at] == '"')
        return skip_string(json, at);
    if (json[at] != '{' && json[at] != '[')
        return at + strcspn(json + at, " \t\r\n,]}");
    do {
        if (json[at] == '"') {
            at = skip_string(json, at);
            continue;
        }
        depth += json[at] == '{' || json[at] == '[';
        depth -= json[at] == '}' || json[at] == ']';
        at++;
    } while (depth > 0);
    return at;
}

bool sweep_member(const char *json, size_t object, const char *key, size_t *begin, size_t *end)
{
    const size_t length = strlen(key);
    size_t at = skip_blank(json, object + 1);

    while (json[at] == '"') {
        const size_t name = at + 1;

        at = skip_string(json, at);
        *begin = skip_blank(json, skip_blank(json, at) + 1); /* past the colon */
        *end = skip_value(json, *begin);
        if (at - 1 - name == length && memcmp(json + name, key, length) == 0)
            return true;
        at = skip_blank(json, *end);
        at = json[at] == ',' ? skip_blank(json, at + 1) : at;
    }
    return false;
}

/* ---- The winner ---- */

static void put_number(struct text *out, const char *before, const char *name, double value)
{
    char text[DOUBLE_TEXT_MAX];
    size_t length;

    if (!isfinite(value))
        return;
    length = double_print(value, text);
    if (length > 2 && strcmp(text + length - 2, ".0") == 0)
        text[length - 2] = '\0'; /* counts are whole */
    text_format(out, "%s\n    \"%s%s\": %s", out->data[out->length - 1] == '{' ? "" : ",", before,
                name, text);
}

static void put_metrics(const struct sweep_plan *p, const struct sweep_row *row, double deflated,
                        struct text *out)
{
    static const enum sweep_metric few[] = {SWEEP_SHARPE, SWEEP_TOTAL_RETURN, SWEEP_MAX_DRAWDOWN,
                                            SWEEP_TRADES};

    text_char(out, '{');
    for (size_t m = 0; m < SWEEP_METRICS; m++)
        put_number(out, "", sweep_metric_name((enum sweep_metric)m), row->metrics[SWEEP_WHOLE][m]);
    for (size_t i = 0; p->splits && i < COUNT_OF(few); i++) {
        put_number(out, "train_", sweep_metric_name(few[i]), row->metrics[SWEEP_TRAIN][few[i]]);
        put_number(out, "test_", sweep_metric_name(few[i]), row->metrics[SWEEP_TEST][few[i]]);
    }
    put_number(out, "", "deflated_sharpe_ratio", deflated);
    put_number(out, "", "sweep_jobs", (double)p->jobs);
    text_string(out, "\n  }");
}

void sweep_winner(const struct sweep_plan *p, int64_t job, const struct sweep_row *row,
                  double deflated, struct text *out)
{
    struct text t;
    size_t begin, end, root;

    text_init(&t, 2 * LIMIT_JSON_BYTES);
    sweep_document(p, job, &t);
    root = skip_blank(t.data, 0);
    if (sweep_member(t.data, root, "metrics", &begin, &end)) {
        text_append(out, t.data, begin);
        put_metrics(p, row, deflated, out);
        text_string(out, t.data + end);
    } else {
        end = skip_value(t.data, root) - 1;
        while (end > 0 && strchr(" \t\r\n", t.data[end - 1]))
            end--;
        text_append(out, t.data, end);
        text_string(out, ",\n  \"metrics\": ");
        put_metrics(p, row, deflated, out);
        text_string(out, "\n}\n");
    }
    text_release(&t);
}
