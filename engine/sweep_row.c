/* SPDX-License-Identifier: Apache-2.0 */
/* A row of a sweep as a line of JSON, with its doubles unchanged, and back. */
#include <math.h>
#include <string.h>

#include "core/jnode.h"
#include "core/jwriter.h"
#include "engine/sweep.h"

enum {
    SHAPE_VALUES = 4
};

static const char *const part_keys[SWEEP_PARTS] = {"whole", "train", "test"};

static void write_doubles(struct jwriter *w, const char *key, const double *values, size_t count)
{
    jw_key(w, key);
    jw_array(w);
    for (size_t i = 0; i < count; i++)
        jw_double(w, values[i]);
    jw_array_end(w);
}

void sweep_row_write(const struct sweep_plan *p, int64_t job, const struct sweep_row *row,
                     struct text *out)
{
    const double shape[SHAPE_VALUES] = {row->shape.sharpe, row->shape.skewness, row->shape.kurtosis,
                                        row->shape.samples};
    char id[SWEEP_ID];
    struct jwriter w;

    sweep_job_id(p, job, id);
    jwriter_init(&w, JSTYLE_COMPACT, out);
    jw_object(&w);
    jw_member_integer(&w, "job", job);
    jw_member_text(&w, "id", id);
    if (row->refused[0]) {
        jw_member_text(&w, "refused", row->refused);
    } else {
        for (size_t i = 0; i < SWEEP_PARTS; i++)
            write_doubles(&w, part_keys[i], row->metrics[i], SWEEP_METRICS);
        write_doubles(&w, "shape", shape, SHAPE_VALUES);
    }
    jw_object_end(&w);
}

static bool read_doubles(const struct jnode *root, const char *key, double *values, size_t count)
{
    const struct jnode *list = jnode_member(root, key);

    if (!jnode_is(list, J_ARRAY) || jnode_count(list) != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct jnode *n = jnode_item(list, i);

        if (jnode_is(n, J_NULL))
            values[i] = NAN;
        else if (jnode_is(n, J_INTEGER) || jnode_is(n, J_REAL))
            values[i] = jnode_number(n);
        else
            return false;
    }
    return true;
}

static bool take_row(const struct sweep_plan *p, const struct jnode *root, int64_t *job,
                     struct sweep_row *out)
{
    const struct jnode *index = jnode_member(root, "job"), *id = jnode_member(root, "id");
    const struct jnode *refused = jnode_member(root, "refused");
    double shape[SHAPE_VALUES];
    char wanted[SWEEP_ID];

    *out = (struct sweep_row){.is_there = true};
    if (!jnode_is(index, J_INTEGER) || !jnode_is(id, J_STRING))
        return false;
    *job = jnode_integer(index);
    if (*job < 0 || *job >= p->jobs || !sweep_is_mine(p, *job))
        return false;
    sweep_job_id(p, *job, wanted);
    if (strcmp(wanted, jnode_text(id)) != 0)
        return false;
    if (refused)
        return jnode_is(refused, J_STRING) && jnode_text_length(refused) > 0 &&
               copy_text(out->refused, sizeof out->refused, jnode_text(refused));
    for (size_t i = 0; i < SWEEP_PARTS; i++)
        if (!read_doubles(root, part_keys[i], out->metrics[i], SWEEP_METRICS))
            return false;
    if (!read_doubles(root, "shape", shape, SHAPE_VALUES))
        return false;
    out->shape = (struct return_shape){shape[0], shape[1], shape[2], shape[3]};
    return true;
}

enum err sweep_row_parse(const struct sweep_plan *p, const char *line, size_t length, int64_t *job,
                         struct sweep_row *out)
{
    struct jnode *root = NULL;
    enum err e = jnode_parse(line, length, "row", NULL, &root);

    if (!e && (!jnode_is(root, J_OBJECT) || !take_row(p, root, job, out)))
        e = ERR_INVALID;
    jnode_free(root);
    return e ? ERR_INVALID : ERR_OK;
}
