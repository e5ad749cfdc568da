/* SPDX-License-Identifier: Apache-2.0 */
/* All metric families in the Prometheus text format. */
#ifndef HANDLERS_PROMETHEUS_H
#define HANDLERS_PROMETHEUS_H

#include "handlers/handlers.h"

/* Appends the exposition, at most a tenth of a second old.  Any thread. */
void prometheus_print(struct handlers *h, bool openmetrics, struct text *out);

#endif
