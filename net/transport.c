/* SPDX-License-Identifier: Apache-2.0 */
/* The transport's thread, its line of waiting requests, and the boxes of answers. */
#include "net/transport.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/queue.h"
#include "net/transport_parts.h"

enum {
    READS_AT_ONCE = 32,     /* reads share this many connections; orders never wait for them */
    LONGEST_PAUSE_MS = 1000 /* so that a missed wake-up costs a second at most */
};

struct transport_box {
    struct queue answers;
    pthread_mutex_t mutex;
    size_t capacity, taken; /* places kept for requests on their way and answers not yet taken */
    void (*wake)(void *context);
    void *context;
};

struct transport {
    pthread_t thread;
    pthread_mutex_t mutex;          /* inbox, waiting, is_stopping, expected */
    struct transfer *inbox;         /* newest first */
    size_t waiting;                 /* submitted and not started */
    bool is_stopping, has_expected; /* has_expected: expected is to be read */
    struct {
        char origin[LIMIT_NET_ORIGIN];
        int64_t at_us;
        size_t count;
    } expected;
    struct transfer *line;   /* the thread's own: by priority, then age */
    struct transfer *active; /* given to libcurl */
    size_t reads;            /* of them */
    size_t directs;          /* of them, on spare connections: at most LIMIT_NET_SPARES */
    struct spares spares;
    CURLM *multi;
    CURLSH *share;
    char *proxy, *ca_file;
    struct transport_settings settings;
};

static void lock(pthread_mutex_t *m)
{
    ASSERT(pthread_mutex_lock(m) == 0);
}

static void unlock(pthread_mutex_t *m)
{
    ASSERT(pthread_mutex_unlock(m) == 0);
}

struct transport_box *transport_box_new(size_t capacity, void (*wake)(void *context), void *context)
{
    struct transport_box *b = xcalloc(1, sizeof *b);

    queue_init(&b->answers, sizeof(struct transport_answer), capacity);
    ASSERT(pthread_mutex_init(&b->mutex, NULL) == 0);
    b->capacity = capacity;
    b->wake = wake;
    b->context = context;
    return b;
}

void transport_box_free(struct transport_box *b)
{
    struct transport_answer a;

    if (!b)
        return;
    while (transport_box_take(b, 0, &a) == ERR_OK)
        transport_answer_release(&a);
    ASSERT(b->taken == 0);
    queue_release(&b->answers);
    pthread_mutex_destroy(&b->mutex);
    free(b);
}

/* Keeps a place in the box: its answer can then never find it full. */
static bool box_reserve(struct transport_box *b)
{
    bool has_room;

    lock(&b->mutex);
    has_room = b->taken < b->capacity;
    if (has_room)
        b->taken++;
    unlock(&b->mutex);
    return has_room;
}

static void box_give_back(struct transport_box *b)
{
    lock(&b->mutex);
    ASSERT(b->taken > 0);
    b->taken--;
    unlock(&b->mutex);
}

enum err transport_box_take(struct transport_box *b, int64_t timeout_us,
                            struct transport_answer *out)
{
    enum err e = queue_pop(&b->answers, out, timeout_us);

    if (!e)
        box_give_back(b);
    return e;
}

/* Hands the answer over and forgets the transfer. */
static void deliver(struct transfer *t, struct transport_answer *a)
{
    struct transport_box *box = t->box;
    /* The reader may free the box as soon as it has the answer. */
    void (*const wake)(void *context) = box->wake;
    void *const context = box->context;
    enum err e;

    if (t->request.heard)
        t->request.heard(t->request.context, &t->request, a);
    transfer_free(t);
    e = queue_push(&box->answers, a);
    ASSERT(!e); /* its place was kept */
    if (wake)
        wake(context);
}

static void left_the_line(struct transport *t)
{
    lock(&t->mutex);
    ASSERT(t->waiting > 0);
    t->waiting--;
    unlock(&t->mutex);
}

/* Moves what was submitted into the line. */
static bool read_inbox(struct transport *t)
{
    struct transfer *fresh, *ordered = NULL;
    bool goes_on;

    lock(&t->mutex);
    fresh = t->inbox;
    t->inbox = NULL;
    goes_on = !t->is_stopping;
    if (t->has_expected)
        spares_expect(&t->spares, t->expected.origin, t->expected.at_us, t->expected.count);
    t->has_expected = false;
    unlock(&t->mutex);
    while (fresh) {
        struct transfer *next = fresh->next;

        fresh->next = ordered;
        ordered = fresh;
        fresh = next;
    }
    while (ordered) {
        struct transfer *one = ordered, **at = &t->line;

        ordered = one->next;
        while (*at && (*at)->request.priority <= one->request.priority)
            at = &(*at)->next;
        one->next = *at;
        *at = one;
    }
    return goes_on;
}

static void answer_unsent(struct transport *t, struct transfer *one, const char *reason)
{
    struct transport_answer a;

    left_the_line(t);
    transfer_unsent(one, reason, clock_monotonic_us(), &a);
    deliver(one, &a);
}

/* Sends it on a connection that is open already and has never carried anything; false when there
 * is none. */
static bool start_direct(struct transport *t, struct transfer *one, int64_t now_us)
{
    CURL *spare = NULL;

    if (!one->request.is_idempotent && t->directs < LIMIT_NET_SPARES)
        spare = spares_take(&t->spares, one->draft.url.data, now_us);
    if (!spare)
        return false;
    direct_begin(one, spare, now_us);
    t->directs++;
    (void)direct_step(one); /* how it went is seen with the others */
    return true;
}

/* Gives a prepared transfer to libcurl. */
static void start(struct transport *t, struct transfer *one)
{
    const int64_t now_us = clock_monotonic_us();

    if (one->draft.url.full || one->draft.headers.full || one->draft.body.full ||
        one->draft.url.length == 0) {
        answer_unsent(t, one, "the request is larger than a request may be");
        return;
    }
    if (!start_direct(t, one, now_us) &&
        (transfer_open(one, t->share, &t->settings, now_us) != ERR_OK ||
         curl_multi_add_handle(t->multi, one->easy) != CURLM_OK)) {
        answer_unsent(t, one, "libcurl does not take the request");
        return;
    }
    left_the_line(t);
    one->next = t->active;
    t->active = one;
    t->reads += one->request.is_idempotent;
}

/* Asks the requests in the line, most urgent first, and starts those that may go.  Returns when
 * the line wants to be looked at again. */
static int64_t walk_line(struct transport *t)
{
    int64_t wake_us = INT64_MAX;
    struct transfer **at = &t->line;

    while (*at) {
        struct transfer *one = *at;
        const int64_t now_us = clock_monotonic_us();
        char reason[LIMIT_REASON] = "refused before it was sent";
        enum transport_go go = TRANSPORT_WAIT;

        if (now_us >= one->request.deadline_us) {
            *at = one->next;
            answer_unsent(t, one, "its time was over before its turn came");
            continue;
        }
        if (one->request.is_idempotent && t->reads >= READS_AT_ONCE) {
            at = &one->next; /* looked at again when a read ends */
            continue;
        }
        if (now_us >= one->again_us)
            go = one->request.prepare(one->request.context, &one->request, &one->draft,
                                      &one->again_us, reason);
        if (go == TRANSPORT_WAIT) {
            if (one->again_us < wake_us)
                wake_us = one->again_us;
            if (one->request.deadline_us < wake_us)
                wake_us = one->request.deadline_us;
            at = &one->next;
            continue;
        }
        *at = one->next;
        if (go == TRANSPORT_SEND)
            start(t, one);
        else
            answer_unsent(t, one, reason);
    }
    return wake_us;
}

static void finish(struct transport *t, struct transfer *one, CURLcode code)
{
    struct transfer **at = &t->active;
    struct transport_answer a;

    while (*at != one)
        at = &(*at)->next;
    *at = one->next;
    t->reads -= one->request.is_idempotent;
    t->directs -= one->direct != NULL;
    if (one->direct)
        direct_answer(one, clock_monotonic_us(), &a);
    else
        transfer_answer(one, code, clock_monotonic_us(), &a);
    (void)curl_multi_remove_handle(t->multi, one->easy);
    deliver(one, &a);
}

/* True when something ended, and another may have its turn. */
static bool collect(struct transport *t)
{
    CURLMsg *message;
    bool ended = false;
    int left;

    while ((message = curl_multi_info_read(t->multi, &left)) != NULL) {
        char *self = NULL;

        if (message->msg != CURLMSG_DONE ||
            spares_hear(&t->spares, message->easy_handle, message->data.result))
            continue;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &self);
        finish(t, (struct transfer *)(void *)self, message->data.result);
        ended = true;
    }
    return ended;
}

/* Goes on with what is on spare connections; true when something ended.  Fills in what the others
 * wait for, and when the first of them has waited long enough. */
static bool step_directs(struct transport *t, struct curl_waitfd *waits, unsigned *count,
                         int64_t *wake_us)
{
    const int64_t now_us = clock_monotonic_us();
    struct transfer *next;
    bool ended = false;

    *count = 0;
    for (struct transfer *one = t->active; one && t->directs > 0; one = next) {
        next = one->next;
        if (!one->direct)
            continue;
        if (direct_step(one) || now_us >= one->request.deadline_us) {
            finish(t, one, CURLE_OK);
            ended = true;
            continue;
        }
        ASSERT(*count < LIMIT_NET_SPARES);
        direct_wants(one, &waits[(*count)++]);
        if (one->request.deadline_us < *wake_us)
            *wake_us = one->request.deadline_us;
    }
    return ended;
}

static int pause_ms(int64_t wake_us)
{
    const int64_t now_us = clock_monotonic_us();

    if (wake_us <= now_us)
        return 0;
    if (wake_us - now_us >= LONGEST_PAUSE_MS * US_PER_MS)
        return LONGEST_PAUSE_MS;
    return (int)((wake_us - now_us) / US_PER_MS) + 1;
}

static void *run(void *self)
{
    struct transport *t = self;

    while (read_inbox(t)) {
        struct curl_waitfd waits[2 * LIMIT_NET_SPARES];
        int64_t wake_us, tend_us;
        unsigned count, directs;
        int running;

        if (t->line && spares_are_opening(&t->spares)) {
            /* An order need not open its own where one has become open meanwhile. */
            (void)curl_multi_perform(t->multi, &running);
            (void)collect(t);
        }
        wake_us = walk_line(t);
        tend_us = spares_tend(&t->spares, clock_monotonic_us());
        if (tend_us < wake_us)
            wake_us = tend_us;
        (void)curl_multi_perform(t->multi, &running);
        if (collect(t))
            wake_us = 0;
        if (step_directs(t, waits, &directs, &wake_us))
            wake_us = 0;
        count = directs;
        spares_wants(&t->spares, waits, &count);
        (void)curl_multi_poll(t->multi, waits, count, pause_ms(wake_us), NULL);
        spares_look(&t->spares, waits + directs);
    }
    while (t->line) {
        struct transfer *one = t->line;

        t->line = one->next;
        answer_unsent(t, one, "the transport ended before its turn came");
    }
    while (t->active)
        finish(t, t->active, CURLE_ABORTED_BY_CALLBACK);
    spares_close(&t->spares);
    return NULL;
}

static void begin_libcurl(void)
{
    ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == 0);
}

enum err transport_new(const struct transport_settings *settings, struct transport **out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct transport *t;
    sigset_t all, before;
    int started;

    ASSERT(pthread_once(&once, begin_libcurl) == 0);
    t = xcalloc(1, sizeof *t);
    ASSERT(pthread_mutex_init(&t->mutex, NULL) == 0);
    t->proxy = settings->proxy ? xstrdup(settings->proxy) : NULL;
    t->ca_file = settings->ca_file ? xstrdup(settings->ca_file) : NULL;
    t->settings = (struct transport_settings){t->proxy, t->ca_file};
    t->multi = curl_multi_init();
    t->share = curl_share_init();
    ASSERT(t->multi && t->share);
    t->spares = (struct spares){.multi = t->multi, .share = t->share, .settings = &t->settings};
    /* Only this thread uses it, so that no locks are needed. */
    ASSERT(curl_share_setopt(t->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) == CURLSHE_OK);
    /* Signals are the main thread's; SIGPIPE of a closed TLS connection stays blocked. */
    sigfillset(&all);
    ASSERT(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    started = pthread_create(&t->thread, NULL, run, t);
    ASSERT(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    if (started == 0) {
        *out = t;
        return ERR_OK;
    }
    curl_multi_cleanup(t->multi);
    (void)curl_share_cleanup(t->share);
    pthread_mutex_destroy(&t->mutex);
    free(t->proxy);
    free(t->ca_file);
    free(t);
    return ERR_IO;
}

void transport_free(struct transport *t)
{
    if (!t)
        return;
    lock(&t->mutex);
    t->is_stopping = true;
    unlock(&t->mutex);
    (void)curl_multi_wakeup(t->multi);
    ASSERT(pthread_join(t->thread, NULL) == 0);
    curl_multi_cleanup(t->multi);
    (void)curl_share_cleanup(t->share);
    pthread_mutex_destroy(&t->mutex);
    free(t->proxy);
    free(t->ca_file);
    free(t);
}

enum err transport_submit(struct transport *t, struct transport_box *box,
                          const struct transport_request *r)
{
    struct transfer *one;
    bool is_stopping, has_room;

    ASSERT(r->prepare && r->max_bytes > 0);
    if (!box_reserve(box))
        return ERR_LIMIT;
    one = transfer_new(r, box);
    lock(&t->mutex);
    is_stopping = t->is_stopping;
    has_room = t->waiting < LIMIT_NET_WAITING;
    if (!is_stopping && has_room) {
        t->waiting++;
        one->next = t->inbox;
        t->inbox = one;
    }
    unlock(&t->mutex);
    if (is_stopping || !has_room) {
        transfer_free(one);
        box_give_back(box);
        return is_stopping ? ERR_SHUTTING_DOWN : ERR_LIMIT;
    }
    (void)curl_multi_wakeup(t->multi);
    return ERR_OK;
}

void transport_expect(struct transport *t, const char *origin, int64_t at_us, size_t count)
{
    lock(&t->mutex);
    t->has_expected = copy_text(t->expected.origin, sizeof t->expected.origin, origin);
    t->expected.at_us = at_us;
    t->expected.count = count;
    unlock(&t->mutex);
    (void)curl_multi_wakeup(t->multi);
}

enum err transport_call(struct transport *t, const struct transport_request *r,
                        struct transport_answer *out)
{
    struct transport_box *box = transport_box_new(1, NULL, NULL);
    enum err e = transport_submit(t, box, r);

    if (!e)
        e = transport_box_take(box, -1, out);
    transport_box_free(box);
    return e;
}
