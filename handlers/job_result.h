/* SPDX-License-Identifier: Apache-2.0 */
/* What a job that succeeded leaves: its report as JSON, and where the rows of its lists stand in
 * it.
 *
 * So a page of a list has the very bytes of the report.  Nothing changes a result once it is made:
 * any thread that has a reference reads it. */
#ifndef HANDLERS_JOB_RESULT_H
#define HANDLERS_JOB_RESULT_H

#include "engine/backtest.h"

enum {
    JOB_REPORT_BYTES = 64 * 1024 * 1024 /* of one; the limit of a job */
};

struct job_result;

/* false: the work is to end. */
typedef bool job_go_on_fn(void *context);

/* Asks go_on with every row.  ERR_CANCELED: it said no; ERR_LIMIT: the report is too long. */
MUST_USE enum err job_result_new(const struct backtest_options *o, const struct backtest_result *r,
                                 job_go_on_fn *go_on, void *context, struct job_result **out);
struct job_result *job_result_acquire(struct job_result *r); /* NULL allowed */
void job_result_release(void *result);                       /* NULL allowed */

const char *job_result_report(const struct job_result *r, size_t *length);
const char *job_result_metrics(const struct job_result *r, size_t *length); /* an object */
size_t job_result_bytes(const struct job_result *r);                        /* of memory */

/* A row of a list; what only trades have is 0 elsewhere. */
struct job_row {
    int64_t at_us, order_id, position_id;
    const char *symbol; /* "" elsewhere */
    enum side side;
    const char *json; /* an object, within the report */
    size_t length;
};
/* BACKTEST_LIST_TRADES, _EQUITY or _CURVE: the oldest row is 0. */
size_t job_result_count(const struct job_result *r, enum backtest_list list);
void job_result_row(const struct job_result *r, enum backtest_list list, size_t row,
                    struct job_row *out);

#endif
