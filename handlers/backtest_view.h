/* SPDX-License-Identifier: Apache-2.0 */
/* How a backtest answers. */
#ifndef HANDLERS_BACKTEST_VIEW_H
#define HANDLERS_BACKTEST_VIEW_H

#include "handlers/jobs.h"
#include "http/request.h"

enum {
    BACKTEST_RETRY_S = 1 /* most jobs take less */
};

/* The job as JSON, with Retry-After until it has ended.  Takes the view's references. */
MUST_USE enum err backtest_answer(struct request *rq, int status, struct job_view *v_take);

#endif
