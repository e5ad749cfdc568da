/* SPDX-License-Identifier: Apache-2.0 */
/* Spare connections: opened shortly before orders are expected, each used for one request.
 *
 * They are libcurl's, made with CURLOPT_CONNECT_ONLY: libcurl resolves, connects, shakes hands and
 * verifies, and then leaves the connection alone; it neither sends on it nor gives it to another
 * transfer.  CURLOPT_FRESH_CONNECT keeps it from handing out one that has carried something. */
#include <string.h>
#include <strings.h>

#include "core/clock.h"
#include "net/transport_parts.h"

enum {
    SPARE_CONNECT_MS = 2000
};
#define LEAD_US (1500 * US_PER_MS) /* name, TCP and TLS on a slow line */
#define STAY_US (5 * US_PER_S)     /* venues close connections that say nothing after a while */

static void drop(struct spares *s, size_t i)
{
    (void)curl_multi_remove_handle(s->multi, s->items[i].easy);
    curl_easy_cleanup(s->items[i].easy);
    s->items[i] = s->items[--s->count];
}

void spares_close(struct spares *s)
{
    while (s->count > 0)
        drop(s, s->count - 1);
}

void spares_expect(struct spares *s, const char *origin, int64_t at_us, size_t count)
{
    if (strcmp(s->origin, origin) != 0)
        spares_close(s);
    (void)copy_text(s->origin, sizeof s->origin, origin);
    s->at_us = at_us;
    s->wanted = count < LIMIT_NET_SPARES ? count : LIMIT_NET_SPARES;
    s->were_opened = false;
}

static bool open_one(struct spares *s)
{
    CURL *h = curl_easy_init();
    CURLcode c = h ? CURLE_OK : CURLE_OUT_OF_MEMORY;

    c = c ? c : curl_easy_setopt(h, CURLOPT_URL, s->origin);
    c = c ? c : curl_easy_setopt(h, CURLOPT_CONNECT_ONLY, 1L);
    c = c ? c : curl_easy_setopt(h, CURLOPT_FRESH_CONNECT, 1L);
    c = c ? c : curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    c = c ? c : curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
    c = c ? c : curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    c = c ? c : curl_easy_setopt(h, CURLOPT_QUICK_EXIT, 1L);
    c = c ? c : curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, (long)SPARE_CONNECT_MS);
    c = c ? c : transfer_trust(h, s->share, s->settings);
    if (c || curl_multi_add_handle(s->multi, h) != CURLM_OK) {
        curl_easy_cleanup(h);
        return false;
    }
    s->items[s->count++] = (struct spare){.easy = h, .until_us = s->at_us + STAY_US};
    return true;
}

int64_t spares_tend(struct spares *s, int64_t now_us)
{
    int64_t wake_us = INT64_MAX;

    for (size_t i = s->count; i-- > 0;)
        if (now_us >= s->items[i].until_us)
            drop(s, i);
    if (s->at_us > 0 && !s->were_opened && now_us >= s->at_us - LEAD_US) {
        s->were_opened = true;
        if (now_us < s->at_us + STAY_US && !s->settings->proxy)
            while (s->count < s->wanted)
                if (!open_one(s))
                    break;
    }
    if (s->at_us > 0 && !s->were_opened)
        wake_us = s->at_us - LEAD_US;
    for (size_t i = 0; i < s->count; i++)
        if (s->items[i].until_us < wake_us)
            wake_us = s->items[i].until_us;
    return wake_us;
}

bool spares_hear(struct spares *s, CURL *easy, CURLcode code)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->items[i].easy != easy)
            continue;
        s->items[i].is_ready = true;
        if (code)
            drop(s, i);
        return true;
    }
    return false;
}

bool spares_are_opening(const struct spares *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (!s->items[i].is_ready)
            return true;
    return false;
}

/* Nothing has come, and it has not been closed: there is nothing to read. */
static bool is_alive(CURL *easy)
{
    char byte;
    size_t got;

    return curl_easy_recv(easy, &byte, 1, &got) == CURLE_AGAIN;
}

void spares_wants(const struct spares *s, struct curl_waitfd *waits, unsigned *count)
{
    for (size_t i = 0; i < s->count; i++) {
        curl_socket_t socket = CURL_SOCKET_BAD;

        if (!s->items[i].is_ready)
            continue;
        (void)curl_easy_getinfo(s->items[i].easy, CURLINFO_ACTIVESOCKET, &socket);
        waits[(*count)++] = (struct curl_waitfd){.fd = socket, .events = CURL_WAIT_POLLIN};
    }
}

/* A ticket that is read now costs the order no time. */
void spares_look(struct spares *s, const struct curl_waitfd *waits)
{
    struct spare looked_at[LIMIT_NET_SPARES];
    const size_t count = s->count;
    size_t k = 0;

    memcpy(looked_at, s->items, sizeof looked_at);
    for (size_t i = 0; i < count; i++) {
        if (!looked_at[i].is_ready || waits[k++].revents == 0 || is_alive(looked_at[i].easy))
            continue;
        for (size_t at = 0; at < s->count; at++)
            if (s->items[at].easy == looked_at[i].easy)
                drop(s, at);
    }
}

static bool is_of(const char *url, const char *origin)
{
    const size_t length = strlen(origin);

    return strncmp(url, origin, length) == 0 &&
           (url[length] == '/' || url[length] == '?' || url[length] == '\0');
}

CURL *spares_take(struct spares *s, const char *url, int64_t now_us)
{
    for (size_t i = 0; i < s->count;) {
        CURL *easy = s->items[i].easy;

        if (!s->items[i].is_ready || !is_of(url, s->origin)) {
            i++;
        } else if (now_us >= s->items[i].until_us || !is_alive(easy)) {
            drop(s, i);
        } else {
            s->items[i] = s->items[--s->count];
            return easy;
        }
    }
    return NULL;
}
