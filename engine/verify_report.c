/* SPDX-License-Identifier: Apache-2.0 */
/* Collects verdicts; the worst of a property stays. */
#include "engine/verify_report.h"

#include <stdarg.h>
#include <stdio.h>

const char *verdict_name(enum verdict v)
{
    static const char *const names[] = {
        [VERDICT_NONE] = "NONE",   [VERDICT_PASS] = "PASS", [VERDICT_NOT_PROVEN] = "NOT PROVEN",
        [VERDICT_STALE] = "STALE", [VERDICT_FAIL] = "FAIL",
    };

    ASSERT((unsigned)v < COUNT_OF(names));
    return names[v];
}

const char *property_key(enum property p)
{
    static const char *const keys[] = {
#define PROPERTY(name, key, holds) key,
#include "engine/verify_properties_table.h"
#undef PROPERTY
    };

    ASSERT((unsigned)p < COUNT_OF(keys));
    return keys[p];
}

const char *property_holds(enum property p)
{
    static const char *const sentences[] = {
#define PROPERTY(name, key, holds) holds,
#include "engine/verify_properties_table.h"
#undef PROPERTY
    };

    ASSERT((unsigned)p < COUNT_OF(sentences));
    return sentences[p];
}

void report_pass(struct verify_report *r, enum property p)
{
    if (r->findings[p].verdict == VERDICT_NONE)
        r->findings[p].verdict = VERDICT_PASS;
}

void report_note(struct verify_report *r, enum property p, enum verdict v, const char *format, ...)
{
    struct finding *f = &r->findings[p];
    va_list arguments;

    if (v < f->verdict)
        return;
    f->verdict = v;
    va_start(arguments, format);
    (void)vsnprintf(f->detail, sizeof f->detail, format, arguments);
    va_end(arguments);
}

void report_fail(struct verify_report *r, enum property p, const char *format, ...)
{
    struct finding *f = &r->findings[p];
    va_list arguments;

    f->verdict = VERDICT_FAIL;
    if (f->failures++ > 0)
        return;
    va_start(arguments, format);
    (void)vsnprintf(f->detail, sizeof f->detail, format, arguments);
    va_end(arguments);
}

bool report_failed(const struct verify_report *r)
{
    for (size_t i = 0; i < PROPERTY_COUNT_; i++)
        if (r->findings[i].verdict == VERDICT_FAIL)
            return true;
    return false;
}
