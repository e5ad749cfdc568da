/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the nearest of the offered words by edit distance. */
#include "engine/rule_names.h"

#include <string.h>

#include "core/text.h"

/* A third of the letters may be wrong, but a single letter is no hint at all. */
static size_t farthest(const char *word)
{
    size_t length = strlen(word);

    return length < 2 ? 0 : length < 3 ? 1 : length / 3 + 1;
}

void nearest_init(struct nearest *n, const char *word)
{
    *n = (struct nearest){.word = word, .distance = farthest(word) + 1};
}

void nearest_offer(struct nearest *n, const char *candidate)
{
    size_t length = strlen(n->word), other = strlen(candidate), distance;

    /* It takes at least as many changes as the lengths differ by. */
    if ((length > other ? length - other : other - length) >= n->distance)
        return;
    distance = edit_distance(n->word, candidate);
    if (distance >= n->distance)
        return;
    n->distance = distance;
    (void)copy_text(n->best, sizeof n->best, candidate);
}

void nearest_hint(const struct nearest *n, struct diag *d, const char *fallback)
{
    if (n->best[0])
        diag_hint(d, "did you mean '%s'?", n->best);
    else if (fallback)
        diag_hint(d, "%s", fallback);
}
