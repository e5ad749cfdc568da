/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an archive: what is found lies within the bytes, once each, and can be looked up. */
#include <stdint.h>
#include <string.h>

#include "server/verify_tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct tar_index t = {0};
    size_t at = 0;

    if (tar_read(bytes, size, &t, &at)) {
        ASSERT(at <= size && !t.files);
        return 0;
    }
    ASSERT(t.count > 0);
    for (size_t i = 0; i < t.count; i++) {
        const struct tar_file *f = &t.files[i];

        ASSERT(f->data >= bytes && f->data + f->length <= bytes + size);
        ASSERT(strlen(f->name) < TAR_NAME && f->name[0] != '\0');
        ASSERT(i == 0 || strcmp(t.files[i - 1].name, f->name) < 0);
        ASSERT(tar_find(&t, f->name) == f);
    }
    ASSERT(!tar_find(&t, "no such name"));
    tar_release(&t);
    return 0;
}
