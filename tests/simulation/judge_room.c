/* SPDX-License-Identifier: Apache-2.0 */
/* What an instance holds is bounded: L3. */
#include "tests/simulation/judge.h"

enum {
    ASKED_MOST = 64,   /* requests out at once */
    SPOOL_MOST = 1024, /* commits that wait, of an hour at most */
    LEAVES_MOST = 256  /* of one commit */
};

void judge_room(struct judge *j, int who, size_t spooled)
{
    const size_t untaken = sim_venue_untaken(j->venue, who), asked = sim_venue_asked(j->venue, who);

    if (untaken > 0)
        judge_violated(j, "L3", "%zu events are left waiting", untaken);
    if (asked > ASKED_MOST)
        judge_violated(j, "L3", "%zu requests are out at once", asked);
    if (spooled > SPOOL_MOST)
        judge_violated(j, "L3", "%zu commits wait in a spool", spooled);
}

void judge_batch_room(struct judge *j, const struct journal_batch *b)
{
    if (b->leaf_count > LEAVES_MOST)
        judge_violated(j, "L3", "a commit has %zu leaves", b->leaf_count);
}
