/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as recorded values from outside: what is accepted is in order and finite, and reads the
 * same when it is written again; what is refused says where and why. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/double_text.h"
#include "core/text.h"
#include "server/ext_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_again(const struct ext_point *points, size_t count)
{
    struct ext_point *again = NULL;
    size_t n = 0;
    struct text t;

    text_init(&t, 16 << 20);
    text_string(&t, "timestamp,value\n");
    for (size_t i = 0; i < count; i++) {
        char value[DOUBLE_TEXT_MAX] = "", at[TIME_TEXT_MAX];

        time_print(points[i].at_us, at);
        if (!isnan(points[i].value))
            (void)double_print(points[i].value, value);
        text_format(&t, "%s,%s\n", at, value);
    }
    ASSERT(!t.full && ext_parse(t.data, t.length, "again", NULL, &again, &n) == ERR_OK);
    ASSERT(n == count);
    for (size_t i = 0; i < n; i++) {
        ASSERT(again[i].at_us == points[i].at_us);
        ASSERT(isnan(points[i].value) ? isnan(again[i].value) : again[i].value == points[i].value);
    }
    free(again);
    text_release(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct diag_list diags;
    struct ext_point *points = NULL;
    size_t count = 0;
    enum err e;

    diags.count = diags.dropped = 0;
    e = ext_parse((const char *)data, size, "values.csv", &diags, &points, &count);
    if (e) {
        ASSERT(e == ERR_INVALID && diags.count == 1 && diags.items[0].line > 0);
        ASSERT(diags.items[0].message[0] && diags.items[0].hint[0]);
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        ASSERT(isnan(points[i].value) || isfinite(points[i].value));
        ASSERT(i == 0 || points[i].at_us > points[i - 1].at_us);
    }
    read_again(points, count);
    free(points);
    return 0;
}
