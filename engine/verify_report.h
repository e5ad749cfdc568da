/* SPDX-License-Identifier: Apache-2.0 */
/* What a verifier found, a verdict a property. */
#ifndef ENGINE_VERIFY_REPORT_H
#define ENGINE_VERIFY_REPORT_H

#include "core/base.h"

enum property {
#define PROPERTY(name, key, holds) PROPERTY_##name,
#include "engine/verify_properties_table.h"
#undef PROPERTY
    PROPERTY_COUNT_
};

enum verdict {
    VERDICT_NONE, /* nothing there that it could be judged by: not part of the report */
    VERDICT_PASS,
    VERDICT_NOT_PROVEN,
    VERDICT_STALE, /* older than what is known to exist */
    VERDICT_FAIL
};
const char *verdict_name(enum verdict v); /* "PASS", "NOT PROVEN", ... */
const char *property_key(enum property p);
const char *property_holds(enum property p); /* the sentence that is true when it passes */

enum {
    FINDING_DETAIL = 480
};

struct finding {
    enum verdict verdict;
    uint64_t failures;
    char detail[FINDING_DETAIL]; /* of the first failure, else of the newest note */
};

struct verify_report {
    struct finding findings[PROPERTY_COUNT_];
};

/* A worse verdict stays: FAIL over STALE over NOT PROVEN over PASS. */
void report_pass(struct verify_report *r, enum property p);
void report_note(struct verify_report *r, enum property p, enum verdict v, const char *format, ...)
    PRINTF_LIKE(4, 5);
/* Counts one more failure; the first one's detail is kept. */
void report_fail(struct verify_report *r, enum property p, const char *format, ...)
    PRINTF_LIKE(3, 4);
bool report_failed(const struct verify_report *r); /* a FAIL anywhere */

#endif
