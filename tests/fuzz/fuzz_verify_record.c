/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an entry of a log: what the verifier takes is what the canonical writer writes of
 * it, and a general JSON reader reads it too. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/jnode.h"
#include "core/jwriter.h"
#include "core/text.h"
#include "engine/verify_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int compare_keys(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;

    return strcmp(*left, *right);
}

static void write_value(struct jwriter *w, const struct jnode *n);

static void write_object(struct jwriter *w, const struct jnode *n)
{
    const char **keys = xcalloc(jnode_count(n) + 1, sizeof *keys);
    const struct jnode *value;
    void *iterator = NULL;
    const char *key;
    size_t count = 0;

    while (jnode_next(n, &iterator, &key, &value))
        keys[count++] = key;
    qsort(keys, count, sizeof *keys, compare_keys);
    jw_object(w);
    for (size_t i = 0; i < count; i++) {
        jw_key(w, keys[i]);
        write_value(w, jnode_member(n, keys[i]));
    }
    jw_object_end(w);
    free(keys);
}

static void write_value(struct jwriter *w, const struct jnode *n)
{
    switch (jnode_kind(n)) {
    case J_OBJECT:
        write_object(w, n);
        break;
    case J_ARRAY:
        jw_array(w);
        for (size_t i = 0; i < jnode_count(n); i++)
            write_value(w, jnode_item(n, i));
        jw_array_end(w);
        break;
    case J_STRING:
        jw_text_n(w, jnode_text(n), jnode_text_length(n));
        break;
    case J_INTEGER:
        jw_integer(w, jnode_integer(n));
        break;
    case J_BOOL:
        jw_bool(w, jnode_bool(n));
        break;
    default:
        ASSERT(jnode_is(n, J_NULL));
        jw_null(w);
        break;
    }
}

static bool contains_nul(const uint8_t *data, size_t size)
{
    static const char nul[] = "\\u0000"; /* jansson refuses what JSON allows */

    return memmem(data, size, nul, sizeof nul - 1) != NULL;
}

static void write_again(const uint8_t *data, size_t size)
{
    static struct diag_list diags;
    struct jnode *root = NULL;
    struct jwriter w;
    struct text t;

    if (contains_nul(data, size))
        return;
    diags.count = diags.dropped = 0;
    ASSERT(jnode_parse((const char *)data, size, "entry", &diags, &root) == ERR_OK);
    text_init(&t, 2 * LIMIT_LEAF_BYTES);
    jwriter_init(&w, JSTYLE_CANONICAL, &t);
    write_value(&w, root);
    ASSERT(jwriter_ok(&w) && t.length == size && memcmp(t.data, data, size) == 0);
    text_release(&t);
    jnode_free(root);
}

static void walk(const struct record *r)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct value *v = &r->members[i].value;
        struct member members[RECORD_MEMBERS];
        struct value item;
        size_t offset = 0, count, items = 0;

        while (value_item(v, &offset, &item))
            ASSERT(++items <= v->length);
        ASSERT(v->kind != VALUE_OBJECT || value_members(v, members, &count) == ERR_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record_fault fault = {0, NULL};
    struct record r;

    if (record_parse((const char *)data, size, &r, &fault)) {
        ASSERT(fault.why && fault.offset <= size);
        return 0;
    }
    ASSERT(r.count <= RECORD_MEMBERS && r.kind < LEAF_KIND_COUNT_);
    walk(&r);
    write_again(data, size);
    return 0;
}
