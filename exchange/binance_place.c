/* SPDX-License-Identifier: Apache-2.0 */
/* Names and checks the addresses requests may go to. */
#include "exchange/binance_place.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *environment;
    const char *urls[BINANCE_MARKET_COUNT_];
} places[] = {
    {"testnet", {"https://testnet.binance.vision", "https://demo-fapi.binance.com"}},
    {"demo", {"https://demo-api.binance.com", "https://demo-fapi.binance.com"}},
    {"production", {"https://api.binance.com", "https://fapi.binance.com"}},
};

/* Hosts where nothing real is traded. */
static const char *const test_hosts[] = {
    "testnet.binance.vision", "api1.testnet.binance.vision", "demo-api.binance.com",
    "demo-fapi.binance.com",  "testnet.binancefuture.com",
};

static enum err refuse(struct diag_list *diags, enum err e, const char *code, const char *message,
                       const char *hint)
{
    diag_hint(diag_add(diags, "venue_url", code, "%s", message), "%s", hint);
    return e;
}

/* The host of "scheme://host[:port]", lower-case in brackets or not; false when it is not so. */
static bool host_of(const char *url, const char *scheme, char *host, size_t capacity)
{
    const size_t begin = strlen(scheme);
    const char *from = url + begin, *end;
    size_t length;

    if (strncasecmp(url, scheme, begin) != 0)
        return false;
    end = *from == '[' ? strchr(from, ']') : from + strcspn(from, ":");
    if (!end)
        return false;
    if (*from == '[')
        from++;
    length = (size_t)(end - from);
    if (*end == ']')
        end++;
    if (length == 0 || length >= capacity || (*end && *end != ':') ||
        (*end == ':' && (end[1] == '\0' || end[1 + strspn(end + 1, "0123456789")] != '\0')))
        return false;
    memcpy(host, from, length);
    host[length] = '\0';
    return strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-:") ==
           length;
}

static bool is_loopback(const char *host)
{
    struct in6_addr six;
    struct in_addr four;

    if (strcasecmp(host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, host, &four) == 1)
        return (ntohl(four.s_addr) >> 24) == 127;
    return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

static bool is_test(const char *host)
{
    for (size_t i = 0; i < COUNT_OF(test_hosts); i++) {
        if (strcasecmp(test_hosts[i], host) == 0)
            return true;
    }
    return false;
}

static enum err check(const char *url, bool signs, struct diag_list *diags)
{
    char host[BINANCE_URL];
    const bool is_plain = host_of(url, "http://", host, sizeof host);

    if (!is_plain && !host_of(url, "https://", host, sizeof host))
        return refuse(diags, ERR_INVALID, "url_invalid", "the venue's address is not a URL",
                      "write https://HOST or https://HOST:PORT, without a path");
    if (is_plain && !is_loopback(host))
        return refuse(diags, ERR_INVALID, "url_insecure",
                      "a venue that is not on this machine needs https",
                      "plain http is for 127.0.0.1, ::1 and localhost");
    if (signs && !is_loopback(host) && !is_test(host))
        return refuse(diags, ERR_LIVE_CLOSED, "live_closed",
                      "production venues stay closed until the risk issue is done",
                      "use the environment testnet or demo, or a venue on this machine");
    return ERR_OK;
}

enum err binance_place_url(enum binance_market m, const char *environment, const char *url,
                           bool signs, struct diag_list *diags, char base[BINANCE_URL])
{
    const char *chosen = url && url[0] ? url : NULL;
    char text[BINANCE_URL];
    size_t length;
    enum err e;

    for (size_t i = 0; !chosen && i < COUNT_OF(places); i++) {
        if (strcmp(places[i].environment, environment) == 0)
            chosen = places[i].urls[m];
    }
    if (!chosen)
        return refuse(diags, ERR_INVALID, "environment_unknown",
                      "there is no such environment of the venue",
                      "write testnet, demo or production, or give an address");
    if (!copy_text(text, sizeof text, chosen))
        return refuse(diags, ERR_INVALID, "url_invalid", "the venue's address is too long",
                      "write https://HOST or https://HOST:PORT, without a path");
    length = strlen(text);
    if (length > 0 && text[length - 1] == '/')
        text[length - 1] = '\0';
    e = check(text, signs, diags);
    if (!e)
        memcpy(base, text, sizeof text);
    return e;
}
