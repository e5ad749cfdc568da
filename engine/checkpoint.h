/* SPDX-License-Identifier: Apache-2.0 */
/* Signed notes, verifier keys, checkpoints, cosignatures and tlog-proof files, as texts.
 *
 * Formats: C2SP signed-note v1.0.0, tlog-checkpoint v1.0.0, tlog-cosignature v1.0.0 and
 * tlog-proof v1 (https://c2sp.org).  Parsing is strict: what is accepted is written back to the
 * same bytes.  Pure; any thread. */
#ifndef ENGINE_CHECKPOINT_H
#define ENGINE_CHECKPOINT_H

#include "core/ed25519.h"
#include "core/text.h"
#include "engine/merkle.h"

/* The last second of the year 9999: what a witness states beyond it is no time. */
#define COSIGNATURE_TIME_MAX_S INT64_C(253402300799)

enum {
    NOTE_BYTES = 16 * 1024, /* of a note with all its signatures (proofs.md 1.13) */
    NOTE_SIGNATURES = 32,
    NOTE_NAME = 256, /* of a key, with NUL */
    NOTE_ID_BYTES = 4,
    NOTE_COSIGNATURE_BYTES = 8 + ED25519_SIGNATURE_BYTES, /* time and signature */
    CHECKPOINT_BYTES = 1024,                              /* of the text and two signature lines */
    VKEY_BYTES = NOTE_NAME + 1 + 8 + 1 + 44               /* of a vkey's text, with NUL */
};

enum vkey_type {
    VKEY_ED25519 = 0x01,    /* signs notes as they are */
    VKEY_COSIGNATURE = 0x04 /* signs "cosignature/v1", a time and the note */
};

/* ---- Verifier keys: "name+hex8+base64(type || key)" ---- */

struct vkey {
    char name[NOTE_NAME];
    enum vkey_type type;
    uint8_t id[NOTE_ID_BYTES]; /* SHA-256(name || 0x0A || type || key), its beginning */
    uint8_t key[ED25519_KEY_BYTES];
};

/* ERR_INVALID when the name is no key name: empty, too long, no UTF-8, blanks, controls or '+'. */
MUST_USE enum err vkey_make(const char *name, enum vkey_type type,
                            const uint8_t key[ED25519_KEY_BYTES], struct vkey *out);
/* Split at the first two '+' only, as base64 has its own.  ERR_SYNTAX; ERR_CONFLICT when the id is
 * not the key's; ERR_INVALID for a type that is none of enum vkey_type. */
MUST_USE enum err vkey_parse(const char *text, size_t length, struct vkey *out);
void vkey_print(const struct vkey *k, char text[VKEY_BYTES]);

/* ---- Notes ---- */

struct note_signature {
    const char *name; /* not ended by NUL */
    size_t name_length;
    uint8_t id[NOTE_ID_BYTES];
    uint8_t bytes[NOTE_COSIGNATURE_BYTES]; /* what follows the id, as far as it goes in */
    size_t length;                         /* all of it: that of other algorithms may be longer */
};

/* Points into the bytes it was parsed from. */
struct note {
    const char *text; /* what is signed, its last newline included */
    size_t text_length;
    struct note_signature signatures[NOTE_SIGNATURES];
    size_t count; /* at least 1 */
};

/* ERR_SYNTAX (no UTF-8, control characters, no final newline, a signature line that is none),
 * ERR_LIMIT (NOTE_BYTES, NOTE_SIGNATURES). */
MUST_USE enum err note_parse(const char *bytes, size_t length, struct note *out);
/* ERR_NOT_FOUND: no signature by this key; ERR_CONFLICT: one that is wrong, which condemns the
 * note.  Only the pinned key counts: the id is no more than a name.  at_s gets a cosignature's time
 * (seconds since 1970, the newest one), 0 for other types; may be NULL. */
MUST_USE enum err note_verify(const struct note *n, const struct vkey *key, int64_t *at_s);
/* Appends "- name base64(id || bytes)\n", with an em dash. */
void note_signature_append(const struct vkey *key, const uint8_t *bytes, size_t length,
                           struct text *out);
/* What a cosigner signs: the text with its time before it. */
void cosignature_message(int64_t at_s, const char *text, size_t length, struct text *out);

/* ---- Checkpoints ---- */

struct checkpoint {
    char origin[NOTE_NAME];
    uint64_t size;
    struct digest root;
    size_t extensions; /* further lines; ours have none */
};

/* The text of a note.  ERR_SYNTAX: the size has a leading zero or is above 2^63 - 1, the root is
 * not 32 bytes in canonical base64, a line is missing or empty. */
MUST_USE enum err checkpoint_parse(const char *text, size_t length, struct checkpoint *out);
void checkpoint_print(const struct checkpoint *c, struct text *out);
/* The whole signed note. */
void checkpoint_sign(const struct checkpoint *c, struct ed25519_key *key, struct text *out);
/* The same with a second key's signature behind the first one's. */
void checkpoint_sign_both(const struct checkpoint *c, struct ed25519_key *key,
                          struct ed25519_key *second, struct text *out);
/* Parses a note, verifies the log's signature and its origin, which must be the key's name.
 * ERR_SYNTAX, ERR_LIMIT, ERR_NOT_FOUND, ERR_CONFLICT as above; ERR_INVALID: another origin. */
MUST_USE enum err checkpoint_open(const char *bytes, size_t length, const struct vkey *log,
                                  struct checkpoint *out);

/* ---- tlog-proof files ---- */

struct tlog_proof {
    uint64_t index;
    struct merkle_proof inclusion;
    const char *checkpoint; /* a signed note, within the parsed bytes */
    size_t checkpoint_length;
};

/* An "extra" line is accepted and passed over. */
MUST_USE enum err tlog_proof_parse(const char *bytes, size_t length, struct tlog_proof *out);
void tlog_proof_print(const struct tlog_proof *p, struct text *out);
/* All of it: signature, origin, and that the entry is in the tree at the proof's index.  Errors of
 * checkpoint_open and merkle_verify_inclusion.  signed_at: may be NULL. */
MUST_USE enum err tlog_proof_verify(const struct tlog_proof *p, const struct vkey *log,
                                    const struct digest *leaf, struct checkpoint *signed_at);

#endif
