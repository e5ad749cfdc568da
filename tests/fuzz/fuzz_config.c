/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a configuration file, and as lines of an environment: every error is explained, and
 * what is accepted prints to a file that is accepted. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/config.h"
#include "core/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    VARIABLES_MAX = 32
};

static void print_and_read_back(const struct config *c)
{
    struct config *again = config_new();
    struct text out;
    enum err e;

    text_init(&out, (size_t)8 * LIMIT_JSON_BYTES);
    config_print(c, &out);
    ASSERT(!out.full);
    if (out.length <= LIMIT_JSON_BYTES) {
        e = config_read_json(again, out.data, out.length, "printed", NULL, NULL);
        ASSERT(!e);
    }
    text_release(&out);
    config_free(again);
}

static void read_as_environment(struct config *c, const uint8_t *data, size_t size)
{
    char *copy = xstrndup((const char *)data, size), *variables[VARIABLES_MAX + 1], *cursor = copy;
    struct diag_list diags = {0};
    size_t count = 0;
    enum err e;

    while (cursor && count < VARIABLES_MAX)
        variables[count++] = strsep(&cursor, "\n");
    variables[count] = NULL;
    e = config_read_environment(c, variables, &diags);
    ASSERT((e != ERR_OK) == (diags.count > 0));
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config *c = config_new();
    struct diag_list diags = {0};
    enum err e = config_read_json(c, (const char *)data, size, "fuzz", "/folder", &diags);

    ASSERT((e != ERR_OK) == (diags.count > 0));
    print_and_read_back(c);
    read_as_environment(c, data, size);
    print_and_read_back(c);
    config_free(c);
    return 0;
}
