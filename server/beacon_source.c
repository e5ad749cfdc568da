/* SPDX-License-Identifier: Apache-2.0 */
/* Asks a beacon for its newest round once a cycle. */
#include "server/beacon_source.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/condition.h"
#include "core/log.h"
#include "core/text.h"
#include "net/transport.h"

enum {
    ROUND_BYTES = 4096,  /* an answer has some 300 */
    LEAST_EVERY_S = 3,   /* quicknet has a round every three seconds */
    FETCH_TIMEOUT_S = 10 /* of one question */
};

static const int64_t ending_check_us = 200 * US_PER_MS; /* so long the daemon's end goes unseen */

struct beacon_source {
    const char *from; /* the configuration's */
    bool is_url, is_away;
    int64_t every_us;
    struct transport *transport; /* NULL: a file */
    struct transport_box *box;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t ending;
    struct beacon newest;
    bool end;
    pthread_t thread;
    bool is_started;
};

static enum transport_go prepare(void *context, const struct transport_request *r,
                                 struct transport_draft *out, int64_t *again_us,
                                 char reason[LIMIT_REASON])
{
    const struct beacon_source *s = context;

    (void)r;
    (void)again_us;
    (void)reason;
    text_string(&out->url, s->from);
    return TRANSPORT_SEND;
}

static bool is_ending(struct beacon_source *s)
{
    bool end;

    pthread_mutex_lock(&s->mutex);
    end = s->end;
    pthread_mutex_unlock(&s->mutex);
    return end;
}

/* ERR_AGAIN: the daemon ends; the transport still has the question. */
static enum err fetch(struct beacon_source *s, struct beacon *out)
{
    const struct transport_request request = {.method = TRANSPORT_GET,
                                              .is_idempotent = true,
                                              .deadline_us =
                                                  clock_monotonic_us() + FETCH_TIMEOUT_S * US_PER_S,
                                              .max_bytes = ROUND_BYTES,
                                              .context = s,
                                              .prepare = prepare};
    struct transport_answer answer;
    enum err e = transport_submit(s->transport, s->box, &request);

    while (!e && (e = transport_box_take(s->box, ending_check_us, &answer)) == ERR_AGAIN)
        e = is_ending(s) ? ERR_AGAIN : ERR_OK;
    if (e)
        return e;
    e = answer.outcome == TRANSPORT_ANSWERED && answer.status == 200
            ? beacon_parse(answer.body, answer.length, out)
            : ERR_IO;
    transport_answer_release(&answer);
    return e;
}

static enum err read_round(const struct beacon_source *s, struct beacon *out)
{
    struct text file;
    enum err e;

    text_init(&file, ROUND_BYTES);
    e = text_read_file(&file, s->from);
    if (!e)
        e = beacon_parse(file.data ? file.data : "", file.length, out);
    text_release(&file);
    return e;
}

static void tick(struct beacon_source *s)
{
    struct beacon found;
    enum err e = s->is_url ? fetch(s, &found) : read_round(s, &found);

    if (e == ERR_AGAIN)
        return;
    if (e && !s->is_away)
        LOG_WARN("beacon_away", "beacon", s->from, "error", err_code(e), NULL);
    if (!e && s->is_away)
        LOG_INFO("beacon_back", NULL);
    s->is_away = e != ERR_OK;
    if (e)
        return;
    pthread_mutex_lock(&s->mutex);
    if (found.round > s->newest.round)
        s->newest = found;
    pthread_mutex_unlock(&s->mutex);
}

static void *source_main(void *argument)
{
    struct beacon_source *s = argument;

    pthread_mutex_lock(&s->mutex);
    while (!s->end) {
        int64_t next_us = clock_monotonic_us() + s->every_us;

        pthread_mutex_unlock(&s->mutex);
        tick(s);
        pthread_mutex_lock(&s->mutex);
        while (!s->end && condition_wait_until(&s->ending, &s->mutex, next_us))
            ;
    }
    pthread_mutex_unlock(&s->mutex);
    return NULL;
}

enum err beacon_source_new(const struct config *c, struct diag_list *diags,
                           struct beacon_source **out)
{
    const struct transport_settings settings = {0};
    const char *from = config_text(c, CONFIG_beacon);
    int64_t every_s = config_integer(c, CONFIG_cycle_interval_s);
    struct beacon_source *s;
    enum err e = ERR_OK;

    *out = NULL;
    if (!*from)
        return ERR_OK;
    s = xcalloc(1, sizeof *s);
    s->from = from;
    s->is_url = strncmp(from, "http://", 7) == 0 || strncmp(from, "https://", 8) == 0;
    s->every_us = (every_s > LEAST_EVERY_S ? every_s : LEAST_EVERY_S) * US_PER_S;
    pthread_mutex_init(&s->mutex, NULL);
    condition_init(&s->ending);
    if (s->is_url) {
        s->box = transport_box_new(1, NULL, NULL);
        e = transport_new(&settings, &s->transport);
    }
    if (!e && pthread_create(&s->thread, NULL, source_main, s) != 0)
        e = ERR_IO;
    s->is_started = !e;
    if (e) {
        diag_add(diags, "beacon", err_code(e), "the beacon's thread cannot be started");
        beacon_source_free(s);
    } else {
        *out = s;
    }
    return e;
}

void beacon_source_free(struct beacon_source *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->mutex);
    s->end = true;
    pthread_cond_signal(&s->ending);
    pthread_mutex_unlock(&s->mutex);
    if (s->is_started)
        pthread_join(s->thread, NULL);
    transport_free(s->transport);
    if (s->box)
        transport_box_free(s->box);
    pthread_cond_destroy(&s->ending);
    pthread_mutex_destroy(&s->mutex);
    free(s);
}

bool beacon_source_newer(void *source, uint64_t after, struct beacon *out)
{
    struct beacon_source *s = source;
    bool is_newer;

    if (!s)
        return false;
    pthread_mutex_lock(&s->mutex);
    is_newer = s->newest.round > after;
    if (is_newer)
        *out = s->newest;
    pthread_mutex_unlock(&s->mutex);
    return is_newer;
}
