/* SPDX-License-Identifier: Apache-2.0 */
/* Reads one entry of a trade log: accepts exactly the canonical bytes of the log's profile.
 *
 * The canonical form (TLJ-1) is what CPython's json.dumps(record, sort_keys=True) gives, and every
 * value has one form only.  So nothing is written again to be compared: the reader refuses whatever
 * the writer would not have written.  Refused besides: floats, integers beyond +-(2^53 - 1), keys
 * outside [a-z0-9_]{1,40} or out of order (and so a key that stands twice), lone surrogates.
 *
 * Allocates nothing: values point into the bytes.  Text values are the characters between the
 * quotes as they stand there; as that form is the only one, comparing it compares the text. */
#ifndef ENGINE_VERIFY_RECORD_H
#define ENGINE_VERIFY_RECORD_H

#include "engine/ledger.h"
#include "engine/verify_value.h"

enum {
    RECORD_MEMBERS = 48, /* of any object; the ledger's largest has half of it */
    RECORD_DEPTH = 16    /* levels; the ledger writes four */
};

struct member {
    const char *key;
    size_t key_length;
    struct value value;
};

struct record {
    enum leaf_kind kind;
    int64_t at_us;
    struct value mode, strategy, timestamp;
    struct value body; /* the kind's object, whose members follow */
    struct member members[RECORD_MEMBERS];
    size_t count;
};

/* What is wrong with an entry, and at which byte. */
struct record_fault {
    size_t offset;
    const char *why;
};

/* ERR_SYNTAX with *fault when the bytes are not one canonical record with a known kind and the
 * three members every record has. */
MUST_USE enum err record_parse(const char *bytes, size_t length, struct record *out,
                               struct record_fault *fault);

/* A member of the kind's object; its kind is VALUE_ABSENT when there is none. */
struct value record_get(const struct record *r, const char *key);

/* The members of an object that a parsed record holds; ERR_INVALID when it is none. */
MUST_USE enum err value_members(const struct value *object, struct member out[RECORD_MEMBERS],
                                size_t *count);
struct value member_get(const struct member *members, size_t count, const char *key);
/* The items of an array one by one: begin with *offset 0; false behind the last. */
bool value_item(const struct value *array, size_t *offset, struct value *item);

#endif
