/* SPDX-License-Identifier: Apache-2.0 */
/* The Prometheus text format in its two dialects: 0.0.4 and OpenMetrics. */
#ifndef HANDLERS_EXPOSITION_H
#define HANDLERS_EXPOSITION_H

#include "core/text.h"

enum exposition_kind {
    EXPOSITION_COUNTER,
    EXPOSITION_GAUGE,
    EXPOSITION_HISTOGRAM,
    EXPOSITION_INFO,
    EXPOSITION_STATESET
};

/* HELP and TYPE.  The name has no "_total" or "_info": the dialects differ in where they want it.
 * Samples of counters end in "_total", those of infos in "_info". */
void exposition_family(struct text *out, bool openmetrics, enum exposition_kind kind,
                       const char *name, const char *help);
/* name and value of a family without labels. */
void exposition_number(struct text *out, const char *name, double value);
void exposition_integer(struct text *out, const char *name, int64_t value);
/* Microseconds as seconds, exact. */
void exposition_seconds(struct text *out, int64_t us);
/* A double, "NaN" and "+Inf" included. */
void exposition_value(struct text *out, double value);
/* A label's value with its escapes, without quotes. */
void exposition_label(struct text *out, const char *value);

#endif
