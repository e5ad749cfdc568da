/* SPDX-License-Identifier: Apache-2.0 */
/* Parses a witness policy and judges a checkpoint's cosignatures by it. */
#include "engine/witness_policy.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"

enum {
    LINE_WORDS = 3 + POLICY_NODES /* the longest: a group of all that there can be */
};

struct word {
    const char *at;
    size_t length;
};

struct line {
    struct word words[LINE_WORDS];
    size_t count;
    bool too_many;
    int number;
};

struct reading {
    struct witness_policy *policy;
    struct diag_list *diags;
    const char *file;
    int line;
    bool has_quorum;
    uint64_t used; /* nodes that are members already */
};

static enum err fail(struct reading *r, enum err e, const char *hint, const char *message)
{
    struct diag *d = diag_add(r->diags, r->file, err_code(e), "%s", message);

    d->line = r->line;
    diag_hint(d, "%s", hint);
    return e;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_word(const struct word *w, const char *text)
{
    return w->length == strlen(text) && memcmp(w->at, text, w->length) == 0;
}

static void split(const char *at, const char *end, struct line *out)
{
    out->count = 0;
    out->too_many = false;
    while (at < end) {
        const char *begin;

        while (at < end && is_blank(*at))
            at++;
        begin = at;
        while (at < end && !is_blank(*at))
            at++;
        if (at == begin)
            break;
        if (out->count == LINE_WORDS) {
            out->too_many = true;
            break;
        }
        out->words[out->count++] = (struct word){begin, (size_t)(at - begin)};
    }
}

static bool copy_word(const struct word *w, char *out, size_t capacity)
{
    if (w->length >= capacity)
        return false;
    memcpy(out, w->at, w->length);
    out[w->length] = '\0';
    return true;
}

static int find_node(const struct witness_policy *p, const struct word *w)
{
    for (size_t i = 0; i < p->node_count; i++) {
        if (is_word(w, p->nodes[i].name))
            return (int)i;
    }
    return -1;
}

static enum err read_key(struct reading *r, const struct word *w, enum vkey_type type,
                         struct vkey *out)
{
    if (vkey_parse(w->at, w->length, out) || out->type != type)
        return fail(r, ERR_SYNTAX, "name+hash+key as the log or the witness publishes it",
                    type == VKEY_ED25519 ? "this is not the verifier key of a log"
                                         : "this is not the verifier key of an Ed25519 witness");
    return ERR_OK;
}

static enum err read_url(struct reading *r, const struct word *w, char url[POLICY_URL])
{
    if (!copy_word(w, url, POLICY_URL))
        return fail(r, ERR_LIMIT, "shorten it", "the URL is too long");
    while (*url && url[strlen(url) - 1] == '/')
        url[strlen(url) - 1] = '\0';
    return ERR_OK;
}

static bool same_key(const struct vkey *a, const struct vkey *b)
{
    return memcmp(a->key, b->key, sizeof a->key) == 0;
}

static enum err read_log(struct reading *r, const struct line *l)
{
    struct witness_policy *p = r->policy;
    struct policy_log log = {.url = ""};
    enum err e;

    if (l->count < 2 || l->count > 3)
        return fail(r, ERR_SYNTAX, "log VKEY [URL]", "this is not a log line");
    e = read_key(r, &l->words[1], VKEY_ED25519, &log.key);
    if (!e && l->count == 3)
        e = read_url(r, &l->words[2], log.url);
    if (e)
        return e;
    for (size_t i = 0; i < p->log_count; i++) {
        if (same_key(&p->logs[i].key, &log.key))
            return fail(r, ERR_CONFLICT, "name each key once", "this log's key stands here twice");
    }
    if (p->log_count == POLICY_LOGS)
        return fail(r, ERR_LIMIT, "32 logs at most", "there are too many logs");
    p->logs[p->log_count++] = log;
    return ERR_OK;
}

/* The name of a new node; it must be free. */
static enum err read_name(struct reading *r, const struct word *w, struct policy_node *node)
{
    if (r->policy->node_count == POLICY_NODES)
        return fail(r, ERR_LIMIT, "64 witnesses and groups at most", "there are too many names");
    if (is_word(w, "none") || find_node(r->policy, w) >= 0)
        return fail(r, ERR_CONFLICT, "give it a name of its own", "this name is taken");
    if (!copy_word(w, node->name, sizeof node->name))
        return fail(r, ERR_LIMIT, "shorten it", "the name is too long");
    return ERR_OK;
}

static enum err read_witness(struct reading *r, const struct line *l)
{
    struct witness_policy *p = r->policy;
    struct policy_node node = {.url = ""};
    size_t witnesses = 0;
    enum err e;

    if (l->count < 3 || l->count > 4)
        return fail(r, ERR_SYNTAX, "witness NAME VKEY [URL]", "this is not a witness line");
    e = read_name(r, &l->words[1], &node);
    if (!e)
        e = read_key(r, &l->words[2], VKEY_COSIGNATURE, &node.key);
    if (!e && l->count == 4)
        e = read_url(r, &l->words[3], node.url);
    if (e)
        return e;
    for (size_t i = 0; i < p->node_count; i++) {
        if (p->nodes[i].is_group)
            continue;
        witnesses++;
        if (same_key(&p->nodes[i].key, &node.key))
            return fail(r, ERR_CONFLICT, "name each key once",
                        "this witness's key stands here twice");
    }
    if (witnesses == POLICY_WITNESSES)
        return fail(r, ERR_LIMIT, "32 witnesses at most", "there are too many witnesses");
    p->nodes[p->node_count++] = node;
    return ERR_OK;
}

static bool read_needed(const struct word *w, int members, int *out)
{
    int n = 0;

    if (is_word(w, "any") || is_word(w, "all")) {
        *out = w->at[1] == 'n' ? 1 : members;
        return true;
    }
    if (w->length > 2 || w->at[0] == '0')
        return false;
    for (size_t i = 0; i < w->length; i++) {
        if (w->at[i] < '0' || w->at[i] > '9')
            return false;
        n = 10 * n + w->at[i] - '0';
    }
    *out = n;
    return n >= 1 && n <= members;
}

static enum err read_group(struct reading *r, const struct line *l)
{
    struct policy_node node = {.is_group = true};
    enum err e;

    if (l->count < 4)
        return fail(r, ERR_SYNTAX, "group NAME k|any|all NAME...", "this is not a group line");
    e = read_name(r, &l->words[1], &node);
    if (e)
        return e;
    for (size_t i = 3; i < l->count; i++) {
        int member = find_node(r->policy, &l->words[i]);

        if (member < 0)
            return fail(r, ERR_SYNTAX, "define its members on lines above",
                        "the group has a member that is not known yet");
        if (r->used >> member & 1)
            return fail(r, ERR_CONFLICT, "each name is a member once at most",
                        "the group has a member that is one already");
        r->used |= UINT64_C(1) << member;
        node.members |= UINT64_C(1) << member;
    }
    if (!read_needed(&l->words[2], (int)(l->count - 3), &node.needed))
        return fail(r, ERR_SYNTAX, "any, all, or a number up to that of its members",
                    "the group's threshold is not possible");
    r->policy->nodes[r->policy->node_count++] = node;
    return ERR_OK;
}

static enum err read_quorum(struct reading *r, const struct line *l)
{
    if (l->count != 2 || r->has_quorum)
        return fail(r, ERR_SYNTAX, "quorum NAME, or quorum none; once",
                    "this is not the one quorum line");
    r->has_quorum = true;
    r->policy->quorum = is_word(&l->words[1], "none") ? -1 : find_node(r->policy, &l->words[1]);
    if (r->policy->quorum < 0 && !is_word(&l->words[1], "none"))
        return fail(r, ERR_SYNTAX, "define it on a line above",
                    "the quorum names neither a witness nor a group");
    return ERR_OK;
}

static enum err read_line(struct reading *r, const char *at, const char *end)
{
    struct line l;

    for (const char *c = at; c < end; c++) {
        if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
            return fail(r, ERR_SYNTAX, "plain text, lines ended by a newline alone",
                        "there is a control character");
    }
    split(at, end, &l);
    if (l.count == 0 || l.words[0].at[0] == '#')
        return ERR_OK;
    if (l.too_many)
        return fail(r, ERR_LIMIT, "64 members at most", "the line has too many words");
    if (is_word(&l.words[0], "log"))
        return read_log(r, &l);
    if (is_word(&l.words[0], "witness"))
        return read_witness(r, &l);
    if (is_word(&l.words[0], "group"))
        return read_group(r, &l);
    if (is_word(&l.words[0], "quorum"))
        return read_quorum(r, &l);
    return fail(r, ERR_SYNTAX, "log, witness, group or quorum",
                "the line begins with no known word");
}

enum err witness_policy_parse(const char *bytes, size_t length, const char *file,
                              struct diag_list *diags, struct witness_policy *out)
{
    struct reading r = {.policy = out, .diags = diags, .file = file};
    const char *at = bytes, *end = bytes + length;
    enum err e = ERR_OK;

    memset(out, 0, sizeof *out);
    out->quorum = -1;
    if (length > POLICY_BYTES)
        return fail(&r, ERR_LIMIT, "64 KiB at most", "the policy is too large");
    while (!e && at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));

        r.line++;
        if (!newline)
            return fail(&r, ERR_SYNTAX, "end it with a newline", "the last line is cut off");
        e = read_line(&r, at, newline);
        at = newline + 1;
    }
    if (!e && !r.has_quorum)
        e = fail(&r, ERR_SYNTAX, "quorum NAME, or quorum none", "there is no quorum line");
    return e;
}

bool witness_policy_has_log(const struct witness_policy *p, const struct vkey *log)
{
    for (size_t i = 0; i < p->log_count; i++) {
        if (same_key(&p->logs[i].key, log) && strcmp(p->logs[i].key.name, log->name) == 0)
            return true;
    }
    return p->log_count == 0;
}

/* Members stand before their groups, so one pass tells all. */
static bool is_met(const struct witness_policy *p, uint64_t witnesses)
{
    uint64_t met = witnesses;

    for (size_t i = 0; i < p->node_count; i++) {
        const struct policy_node *node = &p->nodes[i];

        if (node->is_group &&
            __builtin_popcountll((unsigned long long)(met & node->members)) >= node->needed)
            met |= UINT64_C(1) << i;
    }
    return p->quorum < 0 || (met >> p->quorum & 1);
}

void witness_policy_judge(const struct witness_policy *p, const struct note *n,
                          struct witness_verdict *out)
{
    int64_t *times = out->times_s;

    *out = (struct witness_verdict){.valid = 0};
    for (size_t i = 0; i < p->node_count; i++) {
        enum err e;

        if (p->nodes[i].is_group)
            continue;
        e = note_verify(n, &p->nodes[i].key, &times[i]);
        if (e == ERR_CONFLICT)
            out->has_bad = true;
        if (e)
            continue;
        out->valid |= UINT64_C(1) << i;
        if (times[i] > out->newest_s)
            out->newest_s = times[i];
    }
    out->is_met = is_met(p, out->valid);
    /* Without the later ones: the least time up to which they meet it. */
    for (size_t i = 0; out->is_met && i < p->node_count; i++) {
        uint64_t until = 0;

        if (!(out->valid >> i & 1))
            continue;
        for (size_t j = 0; j < p->node_count; j++) {
            if ((out->valid >> j & 1) && times[j] <= times[i])
                until |= UINT64_C(1) << j;
        }
        if (is_met(p, until) && (out->met_s == 0 || times[i] < out->met_s))
            out->met_s = times[i];
    }
}
