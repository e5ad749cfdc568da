/* SPDX-License-Identifier: Apache-2.0 */
/* Walks two documents side by side; their depth is bounded by the reader (LIMIT_JSON_DEPTH). */
#include "handlers/json_diff.h"

#include <string.h>

#include "core/limits.h"

struct walk {
    struct jwriter *w;
    struct text path; /* JSON pointer of where it stands */
};

static void operation(struct walk *k, const char *op, const struct jnode *value)
{
    struct text printed;

    jw_object(k->w);
    jw_member_text(k->w, "op", op);
    jw_member_text(k->w, "path", k->path.length ? k->path.data : "");
    if (value) {
        text_init(&printed, LIMIT_JSON_BYTES);
        jnode_print_sorted(value, &printed);
        jw_key(k->w, "value");
        jw_raw(k->w, printed.data, printed.length);
        text_release(&printed);
    }
    jw_object_end(k->w);
}

/* Goes one step down; returns where to come back to. */
static size_t enter(struct walk *k, const char *key)
{
    size_t length = k->path.length;

    text_char(&k->path, '/');
    for (; *key; key++) {
        if (*key == '~')
            text_string(&k->path, "~0");
        else if (*key == '/')
            text_string(&k->path, "~1");
        else
            text_char(&k->path, *key);
    }
    return length;
}

static size_t enter_item(struct walk *k, size_t index)
{
    size_t length = k->path.length;

    text_format(&k->path, "/%zu", index);
    return length;
}

static void leave(struct walk *k, size_t length)
{
    k->path.length = length;
    k->path.data[length] = '\0';
}

static void diff(struct walk *k, const struct jnode *from, const struct jnode *to);

static void diff_objects(struct walk *k, const struct jnode *from, const struct jnode *to)
{
    void *it = NULL;
    const char *key;
    const struct jnode *value;
    size_t length;

    while (jnode_next(from, &it, &key, &value)) {
        const struct jnode *other = jnode_member(to, key);

        length = enter(k, key);
        if (other)
            diff(k, value, other);
        else
            operation(k, "remove", NULL);
        leave(k, length);
    }
    it = NULL;
    while (jnode_next(to, &it, &key, &value)) {
        if (jnode_member(from, key))
            continue;
        length = enter(k, key);
        operation(k, "add", value);
        leave(k, length);
    }
}

static void diff_arrays(struct walk *k, const struct jnode *from, const struct jnode *to)
{
    size_t old = jnode_count(from), new = jnode_count(to), i, length;

    for (i = 0; i < old && i < new; i++) {
        length = enter_item(k, i);
        diff(k, jnode_item(from, i), jnode_item(to, i));
        leave(k, length);
    }
    /* From the end, so that indexes stay what they are. */
    for (i = old; i > new; i--) {
        length = enter_item(k, i - 1);
        operation(k, "remove", NULL);
        leave(k, length);
    }
    for (i = old; i < new; i++) {
        length = enter_item(k, i);
        operation(k, "add", jnode_item(to, i));
        leave(k, length);
    }
}

static bool is_same(const struct jnode *a, const struct jnode *b)
{
    switch (jnode_kind(a)) {
    case J_BOOL:
        return jnode_bool(a) == jnode_bool(b);
    case J_INTEGER:
        return jnode_integer(a) == jnode_integer(b);
    case J_REAL: {
        double x = jnode_number(a), y = jnode_number(b);
        return memcmp(&x, &y, sizeof x) == 0;
    }
    case J_STRING:
        return strcmp(jnode_text(a), jnode_text(b)) == 0;
    default:
        return true;
    }
}

static void diff(struct walk *k, const struct jnode *from, const struct jnode *to)
{
    if (jnode_kind(from) != jnode_kind(to))
        operation(k, "replace", to);
    else if (jnode_is(from, J_OBJECT))
        diff_objects(k, from, to);
    else if (jnode_is(from, J_ARRAY))
        diff_arrays(k, from, to);
    else if (!is_same(from, to))
        operation(k, "replace", to);
}

void json_diff(struct jwriter *w, const struct jnode *from, const struct jnode *to)
{
    struct walk k = {.w = w};

    text_init(&k.path, LIMIT_JSON_BYTES);
    jw_array(w);
    diff(&k, from, to);
    jw_array_end(w);
    text_release(&k.path);
}
