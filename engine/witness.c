/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a witness's request and judges its answer. */
#include "engine/witness.h"

#include <string.h>

const char *witness_answer_name(enum witness_answer a)
{
    static const char *const names[] = {
        [WITNESS_COSIGNED] = "cosigned", [WITNESS_BEHIND] = "behind", [WITNESS_LATER] = "later",
        [WITNESS_REFUSED] = "refused",   [WITNESS_ALARM] = "alarm",
    };

    return names[a];
}

void witness_request(uint64_t old, const struct merkle_proof *consistency, const char *note,
                     size_t note_length, struct text *out)
{
    char hash[4 * ((DIGEST_BYTES + 2) / 3) + 1];

    text_format(out, "old %llu\n", (unsigned long long)old);
    for (size_t i = 0; i < consistency->count; i++) {
        base64_print(consistency->hashes[i].bytes, DIGEST_BYTES, hash);
        text_format(out, "%s\n", hash);
    }
    text_char(out, '\n');
    text_append(out, note, note_length);
}

/* True when the line is the witness's right signature of the note. */
static bool is_right(const struct witness_question *q, const struct note *ours, const char *line,
                     size_t length, int64_t *at_s)
{
    struct note cosigned;
    struct text t;
    bool right;

    text_init(&t, NOTE_BYTES);
    text_append(&t, ours->text, ours->text_length);
    text_char(&t, '\n');
    text_append(&t, line, length);
    right = !t.full && note_parse(t.data, t.length, &cosigned) == ERR_OK &&
            note_verify(&cosigned, q->witness, at_s) == ERR_OK;
    text_release(&t);
    return right;
}

static enum witness_answer judge_lines(const struct witness_question *q, const char *body,
                                       size_t length, struct text *line, int64_t *at_s)
{
    enum witness_answer answer = WITNESS_REFUSED;
    const char *at = body, *end = body + length, *newline;
    struct note ours;
    int seen = 0;

    *at_s = 0;
    if (note_parse(q->note, q->note_length, &ours))
        return WITNESS_REFUSED;
    while (seen++ < NOTE_SIGNATURES && at < end &&
           (newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        size_t n = (size_t)(newline + 1 - at);
        int64_t signed_s = 0;

        if (is_right(q, &ours, at, n, &signed_s) && signed_s > *at_s) {
            text_clear(line);
            text_append(line, at, n);
            answer = WITNESS_COSIGNED;
            *at_s = signed_s;
        }
        at += n;
    }
    return answer;
}

/* "N\n", no leading zero. */
static bool read_size(const char *body, size_t length, uint64_t *out)
{
    uint64_t n = 0;

    if (length < 2 || length > 20 || body[length - 1] != '\n' || (body[0] == '0' && length > 2))
        return false;
    for (size_t i = 0; i + 1 < length; i++) {
        if (body[i] < '0' || body[i] > '9')
            return false;
        n = 10 * n + (uint64_t)(body[i] - '0');
    }
    *out = n;
    return n <= MERKLE_SIZE_MAX;
}

enum witness_answer witness_judge(const struct witness_question *q, int status, const char *body,
                                  size_t length, struct text *line, int64_t *at_s, uint64_t *known)
{
    if (status == 200)
        return judge_lines(q, body, length, line, at_s);
    if (status == 409) {
        if (!read_size(body, length, known))
            return WITNESS_REFUSED;
        return *known == q->old || *known > q->size ? WITNESS_ALARM : WITNESS_BEHIND;
    }
    if (status == 422)
        return WITNESS_ALARM;
    return status == 429 || status >= 500 || status == 0 ? WITNESS_LATER : WITNESS_REFUSED;
}
