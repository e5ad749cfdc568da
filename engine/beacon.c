/* SPDX-License-Identifier: Apache-2.0 */
/* Reads rounds of a beacon and lists of them. */
#include "engine/beacon.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/jnode.h"

enum {
    NUMBER_DIGITS = 18
};

bool beacon_hex(const char *text, size_t length, uint8_t *out, size_t bytes)
{
    for (size_t i = 0; i < length; i++)
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
            return false;
    return !hex_parse(text, length, out, bytes);
}

static bool read_signature(const struct jnode *n, struct beacon *out)
{
    size_t hex = jnode_is(n, J_STRING) ? jnode_text_length(n) : 0;

    out->signature_length = hex / 2;
    return hex > 0 && hex % 2 == 0 && out->signature_length <= BEACON_SIGNATURE &&
           beacon_hex(jnode_text(n), hex, out->signature, out->signature_length);
}

static enum err read_round(const struct jnode *root, struct beacon *out)
{
    const struct jnode *round, *randomness;
    struct digest made;

    if (!jnode_is(root, J_OBJECT))
        return ERR_SYNTAX;
    round = jnode_member(root, "round");
    randomness = jnode_member(root, "randomness");
    if (!jnode_is(round, J_INTEGER) || jnode_integer(round) <= 0 ||
        jnode_integer(round) > INT64_C(9007199254740991) || !jnode_is(randomness, J_STRING) ||
        !beacon_hex(jnode_text(randomness), jnode_text_length(randomness), out->randomness.bytes,
                    DIGEST_BYTES) ||
        !read_signature(jnode_member(root, "signature"), out))
        return ERR_SYNTAX;
    out->round = (uint64_t)jnode_integer(round);
    digest_of(out->signature, out->signature_length, &made);
    return bytes_equal(&made, &out->randomness, sizeof made) ? ERR_OK : ERR_CONFLICT;
}

enum err beacon_parse(const char *json, size_t length, struct beacon *out)
{
    struct diag_list *diags = xcalloc(1, sizeof *diags);
    struct beacon read = {.round = 0};
    struct jnode *root = NULL;
    enum err e = jnode_parse(json, length, "beacon", diags, &root);

    e = e ? ERR_SYNTAX : read_round(root, &read);
    if (!e)
        *out = read;
    jnode_free(root);
    free(diags);
    return e;
}

/* ---- Lists ---- */

/* A number without leading zeros, and `behind` behind it. */
static bool take_number(const char **at, const char *end, char behind, uint64_t *out)
{
    const char *digit = *at;
    uint64_t n = 0;

    for (; digit < end && *digit >= '0' && *digit <= '9' && digit - *at < NUMBER_DIGITS; digit++)
        n = 10 * n + (uint64_t)(*digit - '0');
    if (digit == *at || **at == '0' || digit == end || *digit != behind)
        return false;
    *at = digit + 1;
    *out = n;
    return true;
}

static bool take_head(const char **at, const char *end, struct beacon_chain *out)
{
    static const char word[] = "chain ";
    uint64_t genesis, period;

    if ((size_t)(end - *at) < sizeof word - 1 || memcmp(*at, word, sizeof word - 1) != 0)
        return false;
    *at += sizeof word - 1;
    if (!take_number(at, end, ' ', &genesis) || !take_number(at, end, '\n', &period) ||
        genesis > INT32_MAX * UINT64_C(64) || period > 86400)
        return false;
    out->genesis_s = (int64_t)genesis;
    out->period_s = (int64_t)period;
    return true;
}

static bool take_round(const char **at, const char *end, struct beacon_round *out)
{
    const size_t hex = DIGEST_HEX - 1;

    if (!take_number(at, end, ' ', &out->round) || (size_t)(end - *at) <= hex ||
        (*at)[hex] != '\n' || !beacon_hex(*at, hex, out->randomness.bytes, DIGEST_BYTES))
        return false;
    *at += hex + 1;
    return true;
}

enum err beacon_chain_parse(const char *text, size_t length, struct beacon_chain *out, size_t *line)
{
    const char *at = text, *end = text + length;
    struct beacon_chain c = {.count = 0};
    enum err e = ERR_OK;

    *line = 1;
    if (length > LIMIT_BEACON_BYTES)
        return ERR_LIMIT;
    if (!take_head(&at, end, &c))
        return ERR_SYNTAX;
    c.rounds = xcalloc(length / DIGEST_HEX + 1, sizeof *c.rounds);
    for (; at < end && !e; c.count++) {
        struct beacon_round *r = &c.rounds[c.count];

        ++*line;
        /* Its time, in microseconds, must be one. */
        if (!take_round(&at, end, r) || (c.count > 0 && r->round <= r[-1].round) ||
            r->round > (uint64_t)(INT64_MAX / US_PER_S / 4) / (uint64_t)c.period_s)
            e = ERR_SYNTAX;
    }
    if (e)
        beacon_chain_release(&c);
    else
        *out = c;
    return e;
}

void beacon_chain_release(struct beacon_chain *c)
{
    free(c->rounds);
    *c = (struct beacon_chain){.count = 0};
}

const struct beacon_round *beacon_chain_find(const struct beacon_chain *c, uint64_t round)
{
    size_t from = 0, to = c->count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (c->rounds[middle].round < round)
            from = middle + 1;
        else
            to = middle;
    }
    return from < c->count && c->rounds[from].round == round ? &c->rounds[from] : NULL;
}

int64_t beacon_chain_time_us(const struct beacon_chain *c, uint64_t round)
{
    return (c->genesis_s + (int64_t)(round - 1) * c->period_s) * US_PER_S;
}
