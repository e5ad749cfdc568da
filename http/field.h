/* SPDX-License-Identifier: Apache-2.0 */
/* Typed fields of request bodies and query parameters, parsed by a table before any logic.
 *
 * The constructors tie a name to a destination of the right type.  A destination keeps the value it
 * had when its field is absent; *present (may be NULL) says whether it was there.  All mistakes of
 * a body are reported at once, each with its JSON pointer. */
#ifndef HTTP_FIELD_H
#define HTTP_FIELD_H

#include "core/amount.h"
#include "http/request.h"

enum field_kind {
    FIELD_TEXT,
    FIELD_TEXTS,
    FIELD_INTEGER,
    FIELD_NUMBER,
    FIELD_SIZE,
    FIELD_PRICE,
    FIELD_MONEY,
    FIELD_RATIO,
    FIELD_WORD,
    FIELD_BOOL,
    FIELD_FLAG,
    FIELD_TIME,
    FIELD_OBJECT,
    FIELD_SHARE,
    FIELD_DOCUMENT
};

struct field {
    const char *name;
    enum field_kind kind;
    void *out;
    size_t capacity;            /* TEXT: of out, with NUL */
    int64_t minimum, maximum;   /* INTEGER; SHARE: maximum in 10^-12 */
    const char *const *words;   /* WORD: ended by NULL; out is an int, the index */
    const struct field *fields; /* OBJECT: its members */
    size_t field_count;
    bool required;
    bool *present;
};

/* Any UTF-8 without control characters, 1 to capacity - 1 bytes. */
struct field typed_text(const char *name, char *out, size_t capacity);
/* A list of 1 to `most` of them, each different; bodies only. */
struct field_texts {
    char *texts; /* most * capacity */
    size_t capacity, most, count;
};
struct field typed_texts(const char *name, struct field_texts *out);
struct field typed_integer(const char *name, int64_t *out, int64_t minimum, int64_t maximum);
/* A JSON number; bodies only. */
struct field typed_number(const char *name, double *out);
/* Decimal texts, more than zero. */
struct field typed_size(const char *name, struct size *out);
struct field typed_price(const char *name, struct price *out);
struct field typed_money(const char *name, struct money *out);
/* A decimal text or a JSON number, more than zero. */
struct field typed_ratio(const char *name, struct ratio *out);
/* The same, but zero is allowed and more than `most` is not. */
struct field typed_share(const char *name, struct ratio *out, struct ratio most);
struct field typed_word(const char *name, int *out, const char *const *words);
struct field typed_bool(const char *name, bool *out);
/* A query parameter that is true by being there: `?verbose`, `?verbose=true`. */
struct field typed_flag(const char *name, bool *out);
/* RFC 3339 or Unix milliseconds. */
struct field typed_time(const char *name, int64_t *out_us);

/* An object within the body. */
struct field typed_object(const char *name, const struct field *fields, size_t count);

/* Any object within the body, as JSON text with sorted keys; the caller has made the text. */
struct field typed_document(const char *name, struct text *out);

struct field field_required(struct field f);
struct field field_present(struct field f, bool *present);

/* The body as a JSON object of exactly these fields; an empty body is an empty object.
 * ERR_SYNTAX: not JSON; ERR_FIELD_UNKNOWN, ERR_FIELD: see the problem's errors. */
MUST_USE enum err field_parse(struct request *rq, const struct field *fields, size_t count);

/* One value from text, as a query has it; false with *why set to a sentence's end ("must be
 * ..."). */
bool field_from_text(const struct field *f, const char *text, const char **why) MUST_USE;

/* What would be right: the words, the bounds, the length. */
void field_hint(struct diag *d, const struct field *f);

#endif
