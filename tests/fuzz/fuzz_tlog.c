/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a note, a checkpoint, a vkey, a tlog-proof, a bundle, a tile's path: what is
 * accepted is written back to the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "engine/checkpoint.h"
#include "engine/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_vkey(const char *text, size_t length)
{
    char again[VKEY_BYTES];
    struct vkey k;

    if (vkey_parse(text, length, &k))
        return;
    vkey_print(&k, again);
    ASSERT(strlen(again) == length && memcmp(again, text, length) == 0);
}

static void try_checkpoint(const char *text, size_t length)
{
    struct checkpoint c;
    struct text again;

    if (checkpoint_parse(text, length, &c))
        return;
    text_init(&again, length + 1);
    checkpoint_print(&c, &again);
    ASSERT(again.length <= length && memcmp(again.data, text, again.length) == 0);
    ASSERT(c.extensions > 0 || again.length == length);
    text_release(&again);
}

static void try_note(const char *bytes, size_t length, const struct vkey *key)
{
    struct text again;
    bool whole = true;
    struct note n;
    struct vkey k;

    if (note_parse(bytes, length, &n))
        return;
    ASSERT(n.count > 0 && n.count <= NOTE_SIGNATURES);
    (void)(note_verify(&n, key, NULL) == ERR_OK);
    try_checkpoint(n.text, n.text_length);
    text_init(&again, length + 1);
    text_append(&again, n.text, n.text_length);
    text_char(&again, '\n');
    for (size_t i = 0; i < n.count && whole; i++) {
        const struct note_signature *s = &n.signatures[i];

        whole = s->length <= sizeof(s->bytes);
        memcpy(k.name, s->name, s->name_length);
        k.name[s->name_length] = '\0';
        memcpy(k.id, s->id, sizeof(k.id));
        if (whole)
            note_signature_append(&k, s->bytes, s->length, &again);
    }
    if (whole)
        ASSERT(again.length == length && memcmp(again.data, bytes, length) == 0);
    text_release(&again);
}

static void try_proof(const char *bytes, size_t length, const struct vkey *key)
{
    struct tlog_proof p;
    struct digest leaf = {{0}};
    struct text again;

    if (tlog_proof_parse(bytes, length, &p))
        return;
    (void)(tlog_proof_verify(&p, key, &leaf, NULL) == ERR_OK);
    text_init(&again, length + 1);
    tlog_proof_print(&p, &again);
    ASSERT(again.length <= length);
    if (!memmem(bytes, length, "\nextra ", 7))
        ASSERT(again.length == length && memcmp(again.data, bytes, length) == 0);
    text_release(&again);
}

static void try_bundle(const char *bytes, size_t length)
{
    struct bundle_reader r = {.at = bytes, .end = bytes + length};
    struct text again;
    const char *entry;
    size_t n;
    enum err e;

    text_init(&again, length + 1);
    while ((e = bundle_next(&r, &entry, &n)) == ERR_OK)
        bundle_append(entry, n, &again);
    ASSERT(again.length <= length);
    if (again.length > 0)
        ASSERT(memcmp(again.data, bytes, again.length) == 0);
    ASSERT((e == ERR_END) == (again.length == length));
    text_release(&again);
}

static void try_path(const char *text, size_t length)
{
    char again[TILE_PATH_BYTES];
    struct tile_address a;

    if (tile_path_parse(text, length, &a))
        return;
    ASSERT(a.width > 0 && a.width <= TILE_WIDTH);
    tile_path_print(&a, again);
    ASSERT(strlen(again) == length && memcmp(again, text, length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char known[] =
        "trader.example/log1+0fb518df+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk";
    const char *bytes = size ? (const char *)data : "";
    struct vkey key;

    ASSERT(vkey_parse(known, sizeof(known) - 1, &key) == ERR_OK);
    try_vkey(bytes, size);
    try_checkpoint(bytes, size);
    try_note(bytes, size, &key);
    try_proof(bytes, size, &key);
    try_bundle(bytes, size);
    try_path(bytes, size);
    return 0;
}
