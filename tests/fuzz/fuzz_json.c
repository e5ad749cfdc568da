/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as JSON: what is accepted must print to a form that reads back to the same form. */
#include <stdint.h>
#include <string.h>

#include "core/jnode.h"
#include "core/jwriter.h"
#include "core/limits.h"
#include "core/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes as one string: the writer's answer must be a JSON string in UTF-8. */
static void write_as_text(const char *bytes, size_t size, enum jstyle style)
{
    struct jnode *root = NULL;
    struct jwriter w;
    struct text out;
    enum err e;

    text_init(&out, LIMIT_JSON_BYTES);
    jwriter_init(&w, style, &out);
    jw_text_n(&w, bytes, size);
    if (jwriter_ok(&w) && !(size && memchr(bytes, '\0', size))) {
        e = jnode_parse(out.data, out.length, "written", NULL, &root);
        ASSERT(!e && jnode_is(root, J_STRING));
        if (text_is_utf8(bytes, size)) {
            ASSERT(jnode_text_length(root) == size);
            ASSERT(memcmp(jnode_text(root), bytes, size) == 0);
        }
    }
    jnode_free(root);
    text_release(&out);
}

static void print_and_read_back(const struct jnode *root)
{
    struct jnode *again = NULL;
    struct text first, second;
    enum err e;

    text_init(&first, LIMIT_JSON_BYTES);
    text_init(&second, LIMIT_JSON_BYTES);
    jnode_print_sorted(root, &first);
    if (!first.full) {
        e = jnode_parse(first.data, first.length, "printed", NULL, &again);
        ASSERT(!e);
        jnode_print_sorted(again, &second);
        ASSERT(first.length == second.length && memcmp(first.data, second.data, first.length) == 0);
    }
    jnode_free(again);
    text_release(&first);
    text_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct diag_list diags = {0};
    struct jnode *root = NULL;
    struct money money;
    enum err e = jnode_parse(text, size, "fuzz", &diags, &root);

    if (e) {
        ASSERT(diags.count == 1 && !root);
    } else {
        print_and_read_back(root);
        e = jnode_money(root, true, &money);
        (void)e;
        jnode_free(root);
    }
    write_as_text(text, size, JSTYLE_COMPACT);
    write_as_text(text, size, JSTYLE_CANONICAL);
    return 0;
}
