/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a witness policy, a witness's answer and a timestamp answer: refused with a reason,
 * or consistent. */
#include <stdint.h>

#include "core/clock.h"
#include "core/timestamp.h"
#include "engine/witness.h"
#include "engine/witness_policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char vkey_text[] =
    "witness.example/w1+7bede9df+BOfxYqEL7FWa/qGV5NzoS2lWjV0ssJY+tEbAaF4rF/Lw";
static const char note_text[] =
    "trader.example/log1\n3\nmHUFA9C6eXSSjc6PGN4tLaVsHDQURP0J30qiglWJNEM=\n\n"
    "\xe2\x80\x94 trader.example/log1 D7UY3540z0RLCQORkYtiEVye1zgdB0165YcsqVGD4RkuOHENDr9fUkg7kz35d"
    "nhYscz9gim7mwBXCuUwJjsF7gryLQ0=\n";

static void fuzz_policy(const char *bytes, size_t size)
{
    static struct witness_policy p;
    static struct diag_list diags;
    struct witness_verdict v;
    struct note n;

    diags.count = 0;
    if (witness_policy_parse(bytes, size, "policy", &diags, &p)) {
        ASSERT(diags.count == 1 && diags.items[0].hint[0]);
        return;
    }
    ASSERT(p.quorum < (int)p.node_count);
    for (size_t i = 0; i < p.node_count; i++)
        ASSERT(!p.nodes[i].is_group || (p.nodes[i].needed >= 1 && p.nodes[i].members >> i == 0));
    ASSERT(note_parse(note_text, sizeof note_text - 1, &n) == ERR_OK);
    witness_policy_judge(&p, &n, &v);
    ASSERT(v.is_met == (p.quorum < 0)); /* no witness has signed it */
}

static void fuzz_answer(int status, const char *bytes, size_t size)
{
    struct vkey key;
    struct witness_question q = {.witness = &key,
                                 .old = 1,
                                 .size = 3,
                                 .note = note_text,
                                 .note_length = sizeof note_text - 1};
    struct text lines;
    int64_t at_s = 0;
    uint64_t known = 0;

    ASSERT(vkey_parse(vkey_text, sizeof vkey_text - 1, &key) == ERR_OK);
    text_init(&lines, NOTE_BYTES);
    if (witness_judge(&q, status, bytes, size, &lines, &at_s, &known) == WITNESS_COSIGNED)
        ASSERT(lines.length > 0 && at_s >= 0);
    else
        ASSERT(lines.length == 0);
    text_release(&lines);
}

static void fuzz_timestamp(const char *bytes, size_t size)
{
    struct timestamp stamp;
    struct digest imprint;
    char reason[160];

    digest_of("traderd", 7, &imprint);
    ASSERT(timestamp_verify(bytes, size, &imprint, NULL, "", &stamp, reason, sizeof reason) !=
           ERR_OK);
    ASSERT(reason[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data + 1;

    if (size < 1)
        return 0;
    switch (data[0] % 4) {
    case 0:
        fuzz_policy(bytes, size - 1);
        break;
    case 1:
        fuzz_answer(200, bytes, size - 1);
        break;
    case 2:
        fuzz_answer(409, bytes, size - 1);
        break;
    default:
        fuzz_timestamp(bytes, size - 1);
        break;
    }
    return 0;
}
