/* SPDX-License-Identifier: Apache-2.0 */
/* Who is asked when: reads policy and certificates, keeps the schedule, shows how it stands. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/condition.h"
#include "core/log.h"
#include "server/anchors_parts.h"

#define GAP_MAX_US (60 * US_PER_S) /* witnesses limit requests by the day */
#define TICK_US US_PER_S

enum {
    PEM_BYTES = 256 * 1024
};

/* ---- Set-up ---- */

static enum err read_file(const char *path, const char *key, struct diag_list *diags,
                          struct text *out)
{
    enum err e = text_read_file(out, path);

    if (e)
        diag_add(diags, key, err_code(e), "cannot read %s: %s", path,
                 e == ERR_IO ? strerror(errno) : err_sentence(e));
    return e;
}

static enum err check_url(const char *url, const char *key, struct diag_list *diags)
{
    if ((strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0) &&
        strlen(url) < POLICY_URL)
        return ERR_OK;
    diag_hint(diag_add(diags, key, "invalid", "'%.80s' is no URL to ask", url),
              "write http://... or https://...");
    return ERR_INVALID;
}

static struct party *add_party(struct anchors *a, enum anchor_kind kind)
{
    struct party *p = &a->parties[a->count++];

    p->shown.kind = kind;
    p->shown.at_us = TIME_NONE;
    return p;
}

static enum err add_witness(struct anchors *a, const struct policy_node *n, struct diag_list *diags)
{
    enum err e = check_url(n->url, "witness_policy", diags);
    char id[2 * NOTE_ID_BYTES + 1];
    struct party *p;

    if (e)
        return e;
    p = add_party(a, ANCHOR_WITNESS);
    p->key = n->key;
    hex_print(n->key.id, NOTE_ID_BYTES, id);
    (void)snprintf(p->shown.source, sizeof p->shown.source, "%s+%s", n->key.name, id);
    (void)snprintf(p->url, sizeof p->url, "%s/add-checkpoint", n->url);
    return ERR_OK;
}

/* It may name the key that takes over, when that is what its witnesses were told. */
static bool is_of_log(const struct anchors *a, const struct anchors_options *o)
{
    const char *const texts[] = {o->vkey, o->next_vkey};
    struct vkey log;

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (!vkey_parse(texts[i], strlen(texts[i]), &log) &&
            witness_policy_has_log(&a->policy, &log))
            return true;
    return false;
}

static enum err open_policy(struct anchors *a, const char *path, const struct anchors_options *o,
                            struct diag_list *diags)
{
    enum err e = read_file(path, "witness_policy", diags, &a->policy_text);

    if (!e)
        e = witness_policy_parse(a->policy_text.data, a->policy_text.length, path, diags,
                                 &a->policy);
    if (!e && !is_of_log(a, o)) {
        diag_hint(diag_add(diags, "witness_policy", "conflict", "%s is not of this log", path),
                  "this log's line is: log %s", o->vkey);
        e = ERR_CONFLICT;
    }
    for (size_t i = 0; i < a->policy.node_count && !e; i++) {
        if (!a->policy.nodes[i].is_group && a->policy.nodes[i].url[0])
            e = add_witness(a, &a->policy.nodes[i], diags);
    }
    return e;
}

/* An authority by its address: without scheme, name, password and query. */
static void name_authority(struct party *p)
{
    const char *from = strstr(p->url, "://") + 3, *at = strchr(from, '@');
    size_t length;

    if (at && at < from + strcspn(from, "/?#"))
        from = at + 1;
    length = strcspn(from, "?#");
    if (length >= sizeof p->shown.source)
        length = sizeof p->shown.source - 1;
    (void)snprintf(p->shown.source, sizeof p->shown.source, "%.*s", (int)length, from);
}

static enum err open_authorities(struct anchors *a, const struct config *c, struct diag_list *diags)
{
    size_t count = config_list_count(c, CONFIG_tsa_urls);
    const char *path = config_text(c, CONFIG_tsa_ca);
    enum err e = ERR_OK;

    if (count == 0)
        return ERR_OK;
    if (count > ANCHOR_AUTHORITIES || !*path) {
        diag_add(diags, *path ? "tsa_urls" : "tsa_ca", *path ? "limit" : "required",
                 *path ? "at most %d authorities are asked"
                       : "tsa_urls (%d at most) needs the certificates their tokens lead to",
                 ANCHOR_AUTHORITIES);
        return ERR_INVALID;
    }
    e = read_file(path, "tsa_ca", diags, &a->authorities_pem);
    if (!e && (!a->authorities_pem.data ||
               !strstr(a->authorities_pem.data, "-----BEGIN CERTIFICATE-----"))) {
        diag_add(diags, "tsa_ca", "invalid", "%s holds no PEM certificate", path);
        e = ERR_INVALID;
    }
    for (size_t i = 0; i < count && !e; i++) {
        const char *url = config_list_item(c, CONFIG_tsa_urls, i);

        e = check_url(url, "tsa_urls", diags);
        if (!e) {
            struct party *p = add_party(a, ANCHOR_AUTHORITY);

            (void)snprintf(p->url, sizeof p->url, "%s", url);
            name_authority(p);
        }
    }
    return e;
}

/* ---- What was attested before ---- */

static enum err attested_by(struct anchors *a, const char *kind, const char *source, uint64_t *size,
                            int64_t *at_us)
{
    enum err e = store_log_attested_by(a->store, a->account, kind, source, size, at_us);

    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Whether the cosignatures of this size meet the quorum now. */
static enum err judge_quorum(struct anchors *a, uint64_t size, bool *is_met)
{
    struct witness_verdict verdict = {0};
    struct log_note stored = {0};
    struct note note;
    enum err e = store_log_note(a->store, a->account, size, &stored);

    if (e)
        return e;
    if (a->policy.quorum >= 0 && !note_parse(stored.note, stored.length, &note))
        witness_policy_judge(&a->policy, &note, &verdict);
    *is_met = verdict.is_met;
    if (verdict.is_met) {
        pthread_mutex_lock(&a->board.mutex);
        a->board.status.cosigned =
            (struct anchor_mark){.size = size, .at_us = verdict.met_s * US_PER_S};
        pthread_mutex_unlock(&a->board.mutex);
    }
    free(stored.note);
    return ERR_OK;
}

static enum err load(struct anchors *a)
{
    struct anchor_status *s = &a->board.status;
    uint64_t cosigned = 0;
    bool is_met;
    int64_t at_us;
    enum err e = attested_by(a, LOG_COSIGNATURE, NULL, &cosigned, &at_us);

    if (!e && cosigned > 0)
        e = judge_quorum(a, cosigned, &is_met);
    if (!e)
        e = attested_by(a, LOG_TIMESTAMP, NULL, &s->stamped.size, &s->stamped.at_us);
    for (size_t i = 0; i < a->count && !e; i++) {
        struct party *p = &a->parties[i];
        bool is_witness = p->shown.kind == ANCHOR_WITNESS;

        e = attested_by(a, is_witness ? LOG_COSIGNATURE : LOG_TIMESTAMP, p->shown.source,
                        &p->shown.size, &p->shown.at_us);
        p->known = p->shown.size;
    }
    return e;
}

/* ---- The schedule ---- */

static bool is_due(const struct anchors *a, const struct party *p, uint64_t size)
{
    int64_t now_us = clock_monotonic_us();
    bool grew = anchors_grew(a, p->shown.size, size),
         is_over = now_us - p->good_us >= a->interval_us;

    if (p->shown.state == ANCHOR_ALARM || now_us < p->next_us)
        return false;
    if (p->shown.state != ANCHOR_GOOD)
        return true;
    if (p->shown.kind == ANCHOR_WITNESS)
        return grew || is_over;
    return grew && (is_over || clock_wall_us() / US_PER_DAY != p->stamp_day);
}

static uint64_t size_now(struct anchors *a)
{
    struct snapshot *s = engine_snapshot(a->engine);
    uint64_t size = (uint64_t)s->account.log_size;

    snapshot_release(s);
    return size;
}

static void show(struct anchors *a)
{
    struct anchor_status *s = &a->board.status;

    pthread_mutex_lock(&a->board.mutex);
    s->count = a->count;
    for (size_t i = 0; i < a->count; i++) {
        const struct anchor_party *p = &a->parties[i].shown;

        s->parties[i] = *p;
        if (p->kind == ANCHOR_AUTHORITY && p->size > s->stamped.size)
            s->stamped = (struct anchor_mark){.size = p->size, .at_us = p->at_us};
    }
    pthread_mutex_unlock(&a->board.mutex);
}

/* Up to the last of the log's own signatures, of which there are two while a key takes over. */
static size_t own_length(const struct anchors *a, const struct note *n, const char *from)
{
    const char *at = n->text + n->text_length + 1;
    size_t name = strlen(a->signer->origin);

    for (size_t i = 0; i < n->count; i++) {
        if (n->signatures[i].name_length != name ||
            memcmp(n->signatures[i].name, a->signer->origin, name) != 0)
            break;
        at = strchr(at, '\n') + 1;
    }
    return (size_t)(at - from);
}

enum err anchors_newest(struct anchors *a, struct attestable *out)
{
    struct log_note stored = {0};
    struct note note;
    enum err e = store_log_newest(a->store, a->account, &stored);

    if (e)
        return e;
    e = note_parse(stored.note, stored.length, &note);
    if (!e) {
        text_append(&out->note, stored.note, own_length(a, &note, stored.note));
        out->size = stored.size;
        out->text_length = note.text_length;
    }
    free(stored.note);
    return e;
}

/* Tokens are chained as they come; cosignatures, of which there may be one a minute, once an
 * interval. */
static bool is_to_be_chained(const struct anchors *a, uint64_t size, bool has_stamped, bool is_met)
{
    bool is_over = a->chained_us == 0 || clock_monotonic_us() - a->chained_us >= a->interval_us;

    return a->chains && (has_stamped || (is_met && is_over)) && anchors_grew(a, a->chained, size);
}

static void ask_all(struct anchors *a, const struct attestable *c)
{
    bool has_cosigned = false, has_stamped = false, is_met = false;

    for (size_t i = 0; i < a->count && !anchors_is_ending(a); i++) {
        struct party *p = &a->parties[i];
        uint64_t before = p->shown.size;

        if (!is_due(a, p, c->size))
            continue;
        if (p->shown.kind == ANCHOR_AUTHORITY) {
            anchors_ask_authority(a, p, c);
            has_stamped |= p->shown.state == ANCHOR_GOOD && p->shown.size != before;
        } else {
            anchors_ask_witness(a, p, c);
            has_cosigned |= p->shown.state == ANCHOR_GOOD;
        }
        show(a);
    }
    if (has_cosigned && judge_quorum(a, c->size, &is_met))
        LOG_WARN("cosignatures_not_read", NULL);
    if (is_to_be_chained(a, c->size, has_stamped, is_met))
        anchors_chain(a, c);
}

static void tick(struct anchors *a)
{
    uint64_t size = size_now(a);
    struct attestable c = {0};
    bool any = false;

    for (size_t i = 0; i < a->count && !any; i++)
        any = size > 0 && is_due(a, &a->parties[i], size);
    if (!any)
        return;
    text_init(&c.note, NOTE_BYTES);
    /* A database that is away is told by the probe; the next tick tries again. */
    if (!anchors_newest(a, &c))
        ask_all(a, &c);
    text_release(&c.note);
}

/* ---- The thread ---- */

bool anchors_is_ending(struct anchors *a)
{
    bool end;

    pthread_mutex_lock(&a->mutex);
    end = a->end;
    pthread_mutex_unlock(&a->mutex);
    return end;
}

static void *anchors_main(void *argument)
{
    struct anchors *a = argument;

    pthread_mutex_lock(&a->mutex);
    while (!a->end) {
        int64_t next_us = clock_monotonic_us() + TICK_US;

        pthread_mutex_unlock(&a->mutex);
        tick(a);
        pthread_mutex_lock(&a->mutex);
        while (!a->end && condition_wait_until(&a->ending, &a->mutex, next_us))
            ;
    }
    pthread_mutex_unlock(&a->mutex);
    return NULL;
}

enum err anchors_start(struct anchors *a, struct engine *engine)
{
    if (!a || a->count == 0)
        return ERR_OK; /* the policy is served, nobody is asked */
    a->engine = engine;
    if (pthread_create(&a->thread, NULL, anchors_main, a) != 0)
        return ERR_IO;
    a->is_started = true;
    return ERR_OK;
}

static enum err open_transport(struct anchors *a)
{
    const struct transport_settings settings = {0};

    if (a->count == 0)
        return ERR_OK;
    a->box = transport_box_new(ANCHOR_PARTIES, NULL, NULL);
    return transport_new(&settings, &a->transport);
}

enum err anchors_new(const struct anchors_options *o, struct diag_list *diags, struct anchors **out)
{
    const char *policy = config_text(o->config, CONFIG_witness_policy);
    struct anchors *a;
    enum err e = ERR_OK;

    *out = NULL;
    if (!*policy && config_list_count(o->config, CONFIG_tsa_urls) == 0)
        return ERR_OK;
    a = xcalloc(1, sizeof *a);
    a->store = o->store;
    a->account = o->account;
    a->signer = o->signer;
    a->chains = o->chains;
    a->interval_us = config_integer(o->config, CONFIG_anchor_interval_s) * US_PER_S;
    a->gap_us = a->interval_us < GAP_MAX_US ? a->interval_us : GAP_MAX_US;
    a->policy.quorum = -1;
    pthread_mutex_init(&a->mutex, NULL);
    condition_init(&a->ending);
    text_init(&a->policy_text, POLICY_BYTES);
    text_init(&a->authorities_pem, PEM_BYTES);
    text_init(&a->outgoing.body, ANCHOR_REQUEST_BYTES);
    anchor_board_init(&a->board, "");
    if (*policy)
        e = open_policy(a, policy, o, diags);
    if (!e)
        e = open_authorities(a, o->config, diags);
    if (!e)
        e = load(a);
    if (!e) {
        a->board.policy = a->policy_text.length ? a->policy_text.data : "";
        e = open_transport(a);
    }
    if (!e)
        e = anchors_check_start(a);
    if (!e)
        show(a);
    if (e)
        anchors_free(a);
    else
        *out = a;
    return e;
}

void anchors_free(struct anchors *a)
{
    if (!a)
        return;
    if (a->is_started) {
        pthread_mutex_lock(&a->mutex);
        a->end = true;
        pthread_cond_signal(&a->ending);
        pthread_mutex_unlock(&a->mutex);
        pthread_join(a->thread, NULL);
    }
    transport_free(a->transport);
    if (a->box)
        transport_box_free(a->box);
    text_release(&a->policy_text);
    text_release(&a->authorities_pem);
    text_release(&a->outgoing.body);
    anchor_board_release(&a->board);
    pthread_cond_destroy(&a->ending);
    pthread_mutex_destroy(&a->mutex);
    free(a);
}

struct anchor_board *anchors_board(struct anchors *a)
{
    return a ? &a->board : NULL;
}
