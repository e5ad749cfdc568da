/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a sweep ask of one another while a plan is made. */
#ifndef ENGINE_SWEEP_PARTS_H
#define ENGINE_SWEEP_PARTS_H

#include "engine/sweep.h"

/* Reads NAME=A..B:STEP or NAME=V,V,... into one more axis of a plan that has its artifact. */
MUST_USE enum err sweep_axis_add(struct sweep_plan *p, const char *set, struct diag_list *diags);
/* Counts combinations and jobs; random: so many of all, 0: all. */
MUST_USE enum err sweep_count(struct sweep_plan *p, int64_t random, struct diag_list *diags);

#endif
