/* SPDX-License-Identifier: Apache-2.0 */
/* Parses Accept headers and judges representations by them; see http/accept.h. */
#include "http/accept.h"

#include <string.h>
#include <strings.h>

/* A piece of the header; quality in thousandths. */
struct span {
    const char *at;
    size_t length;
};

struct range {
    struct span type, subtype, version;
    bool has_version;
    int quality;
};

static const char *skip_blank(const char *p)
{
    return p + strspn(p, " \t");
}

static bool is_token_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static const char *read_token(const char *p, struct span *out)
{
    const char *start = p;

    while (is_token_char(*p))
        p++;
    *out = (struct span){start, (size_t)(p - start)};
    return out->length > 0 ? p : NULL;
}

/* A token or a quoted string, whose quotes are left out. */
static const char *read_value(const char *p, struct span *out)
{
    const char *start;

    if (*p != '"')
        return read_token(p, out);
    start = ++p;
    while (*p && *p != '"')
        p += *p == '\\' && p[1] ? 2 : 1;
    if (*p != '"')
        return NULL;
    *out = (struct span){start, (size_t)(p - start)};
    return p + 1;
}

static bool span_is(struct span s, const char *text)
{
    return s.length == strlen(text) && strncasecmp(s.at, text, s.length) == 0;
}

/* "0", "0.123", "1", "1.000" in thousandths; -1 for anything else. */
static int read_quality(struct span s)
{
    int value;

    if (s.length == 0 || s.length > 5 || (s.at[0] != '0' && s.at[0] != '1'))
        return -1;
    value = (s.at[0] - '0') * 1000;
    if (s.length > 1 && s.at[1] != '.')
        return -1;
    for (size_t i = 2, unit = 100; i < s.length; i++, unit /= 10) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return -1;
        value += (s.at[i] - '0') * (int)unit;
    }
    return value <= 1000 ? value : -1;
}

static const char *read_parameters(const char *p, struct range *r)
{
    for (;;) {
        struct span name, value;

        p = skip_blank(p);
        if (*p != ';')
            return p;
        p = skip_blank(p + 1);
        if (*p == ';' || *p == ',' || !*p)
            continue;
        p = read_token(p, &name);
        if (!p)
            return NULL;
        p = skip_blank(p);
        if (*p != '=')
            continue;
        p = read_value(skip_blank(p + 1), &value);
        if (!p)
            return NULL;
        if (span_is(name, "q")) {
            r->quality = read_quality(value);
            if (r->quality < 0)
                return NULL;
        } else if (span_is(name, "version")) {
            r->version = value;
            r->has_version = true;
        }
    }
}

static const char *read_range(const char *p, struct range *r)
{
    *r = (struct range){.quality = 1000};
    p = read_token(p, &r->type);
    if (!p || *p != '/')
        return NULL;
    p = read_token(p + 1, &r->subtype);
    if (!p || (span_is(r->type, "*") && !span_is(r->subtype, "*")))
        return NULL;
    return read_parameters(p, r);
}

/* 0: does not match; else larger is more specific. */
static int specificity(const struct range *r, const struct media *m)
{
    if (span_is(r->type, "*"))
        return 1;
    if (!span_is(r->type, m->type))
        return 0;
    if (span_is(r->subtype, "*"))
        return 2;
    if (!span_is(r->subtype, m->subtype))
        return 0;
    if (!r->has_version)
        return 3;
    return m->version && span_is(r->version, m->version) ? 4 : 0;
}

enum {
    OFFERED_MAX = 8
};

int accept_choose(const char *header, const struct media *offered, size_t count)
{
    int best_specificity[OFFERED_MAX] = {0};
    int quality[OFFERED_MAX] = {0};
    const char *p = header ? skip_blank(header) : "";
    int best = -1;

    ASSERT(count > 0 && count <= OFFERED_MAX);
    if (!*p)
        return 0;
    while (*p) {
        struct range r;

        if (*p != ',') {
            p = read_range(p, &r);
            if (!p || (*p && *p != ','))
                return 0;
            for (size_t i = 0; i < count; i++) {
                int s = specificity(&r, &offered[i]);
                if (s > best_specificity[i]) {
                    best_specificity[i] = s;
                    quality[i] = r.quality;
                }
            }
        }
        p = skip_blank(p + (*p == ','));
    }
    for (size_t i = 0; i < count; i++)
        if (quality[i] > 0 && (best < 0 || quality[i] > quality[best]))
            best = (int)i;
    return best;
}
