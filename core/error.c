/* SPDX-License-Identifier: Apache-2.0 */
/* Looks errors up in their one table and keeps the list of what exactly was wrong. */
#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct error_row {
    const char *code;
    const char *sentence;
    int status;
};

static const struct error_row rows[ERR_COUNT_] = {
    [ERR_OK] = {"ok", "There is no error.", 200},
#define ERR(name, code, status, sentence) [ERR_##name] = {code, sentence, status},
#include "core/error_table.h"
#undef ERR
};

static const struct error_row *row_of(enum err e)
{
    ASSERT((unsigned)e < ERR_COUNT_);
    return &rows[e];
}

const char *err_code(enum err e)
{
    return row_of(e)->code;
}

int err_status(enum err e)
{
    return row_of(e)->status;
}

const char *err_sentence(enum err e)
{
    return row_of(e)->sentence;
}

/* Drops the beginning of a UTF-8 character whose end did not fit the buffer. */
static void trim_cut_character(char *text)
{
    size_t length = strlen(text);
    size_t start = length;
    size_t want = 1;
    unsigned char lead;

    while (start > 0 && length - start < 3 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    lead = (unsigned char)text[start - 1];
    if (lead >= 0xF0)
        want = 4;
    else if (lead >= 0xE0)
        want = 3;
    else if (lead >= 0xC0)
        want = 2;
    if (length - start + 1 < want)
        text[start - 1] = '\0';
}

static void format_into(char *text, size_t capacity, const char *format, va_list arguments)
{
    int n = vsnprintf(text, capacity, format, arguments);

    if (n < 0)
        text[0] = '\0';
    else if ((size_t)n >= capacity)
        trim_cut_character(text);
}

struct diag *diag_add(struct diag_list *list, const char *field, const char *code,
                      const char *format, ...)
{
    static _Thread_local struct diag spare;
    struct diag *d = &spare;
    va_list arguments;

    if (list && list->count < DIAG_MAX)
        d = &list->items[list->count++];
    else if (list)
        list->dropped++;
    *d = (struct diag){0};
    copy_text(d->field, sizeof(d->field), field ? field : "");
    copy_text(d->code, sizeof(d->code), code);
    va_start(arguments, format);
    format_into(d->message, sizeof(d->message), format, arguments);
    va_end(arguments);
    return d;
}

void diag_hint(struct diag *d, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    format_into(d->hint, sizeof(d->hint), format, arguments);
    va_end(arguments);
}

void diag_describe(const struct diag_list *list, enum err e, char *text, size_t capacity)
{
    const struct diag *d;
    char place[sizeof(d->field) + 32] = "";
    int n;

    ASSERT(capacity > 0);
    if (!list || list->count == 0) {
        copy_text(text, capacity, err_sentence(e));
        return;
    }
    d = &list->items[0];
    if (d->line > 0 && d->column > 0)
        snprintf(place, sizeof(place), "%s:%d:%d: ", d->field, d->line, d->column);
    else if (d->line > 0)
        snprintf(place, sizeof(place), "%s:%d: ", d->field, d->line);
    else if (d->field[0])
        snprintf(place, sizeof(place), "%s: ", d->field);
    n = snprintf(text, capacity, "%s%s%s%s%s", place, d->message, d->hint[0] ? " (" : "", d->hint,
                 d->hint[0] ? ")" : "");
    if (n >= 0 && (size_t)n >= capacity)
        trim_cut_character(text);
}
