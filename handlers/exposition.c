/* SPDX-License-Identifier: Apache-2.0 */
/* Prints metric families so that `promtool check metrics` and OpenMetrics parsers agree with
 * them. */
#include "handlers/exposition.h"

#include <math.h>

#include "core/double_text.h"

void exposition_family(struct text *out, bool openmetrics, enum exposition_kind kind,
                       const char *name, const char *help)
{
    static const char *const plain[] = {"counter", "gauge", "histogram", "gauge", "gauge"};
    static const char *const open[] = {"counter", "gauge", "histogram", "info", "stateset"};
    const char *suffix = "";

    if (!openmetrics && kind == EXPOSITION_COUNTER)
        suffix = "_total";
    if (!openmetrics && kind == EXPOSITION_INFO)
        suffix = "_info";
    text_format(out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, suffix, help, name, suffix,
                openmetrics ? open[kind] : plain[kind]);
}

void exposition_value(struct text *out, double value)
{
    char number[DOUBLE_TEXT_MAX];

    if (isnan(value)) {
        text_string(out, "NaN");
    } else if (isinf(value)) {
        text_string(out, value > 0 ? "+Inf" : "-Inf");
    } else {
        double_print(value, number);
        text_string(out, number);
    }
}

void exposition_number(struct text *out, const char *name, double value)
{
    text_format(out, "%s ", name);
    exposition_value(out, value);
    text_char(out, '\n');
}

void exposition_integer(struct text *out, const char *name, int64_t value)
{
    text_format(out, "%s %lld\n", name, (long long)value);
}

void exposition_seconds(struct text *out, int64_t us)
{
    exposition_value(out, (double)us / 1e6);
}

void exposition_label(struct text *out, const char *value)
{
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            text_char(out, '\\');
        if (*value == '\n')
            text_string(out, "\\n");
        else
            text_char(out, *value);
    }
}
