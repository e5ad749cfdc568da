/* SPDX-License-Identifier: Apache-2.0 */
/* Opens what is played beside a market's candles: funding rates, and candles within candles. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "engine/detail.h"
#include "exchange/candle_file.h"
#include "server/market.h"

/* ---- Whose file it is ---- */

static bool may_be(const struct market *m, size_t i, enum config_key key)
{
    return key == CONFIG_detail || !m->instruments[i].is_spot;
}

/* The only instrument that a file without a symbol can be meant for. */
static bool find_only(const struct market *m, enum config_key key, size_t *out)
{
    size_t found = 0;

    for (size_t i = 0; i < m->instrument_count; i++) {
        if (!may_be(m, i, key))
            continue;
        *out = i;
        found++;
    }
    return found == 1;
}

static enum err find_owner(const struct market *m, const char *item, enum config_key key,
                           struct diag_list *diags, size_t *out, const char **path)
{
    const char *name = key == CONFIG_funding ? "funding" : "detail";
    char symbol[LIMIT_SYMBOL] = "";
    struct diag_list ignored = {0};
    const bool is_told = market_split_item(item, NULL, &ignored, symbol, path) == ERR_OK;

    for (size_t i = 0; is_told && i < m->instrument_count; i++) {
        if (strcmp(m->instruments[i].symbol, symbol) != 0 || !may_be(m, i, key))
            continue;
        *out = i;
        return ERR_OK;
    }
    /* A file's name cannot tell a perpetual: it tells the spot market of the same currencies. */
    if (*path == item && find_only(m, key, out))
        return ERR_OK;
    if (*path == item)
        diag_hint(diag_add(diags, name, "symbol_unknown", "whose file is '%s'?", item),
                  "write SYMBOL=FILE, for example BTC/USDT:USDT=file.csv");
    else
        diag_hint(diag_add(diags, name, "symbol_unknown", "'%s': there are no candles of %s %s",
                           *path, key == CONFIG_funding ? "a perpetual" : "the symbol", symbol),
                  key == CONFIG_funding ? "perpetuals are written BASE/QUOTE:SETTLE"
                                        : "name a symbol of candles");
    return ERR_INVALID;
}

/* ---- Funding ---- */

static enum err open_funding(const struct config *c, struct diag_list *diags, struct market *m)
{
    for (size_t k = 0; k < config_list_count(c, CONFIG_funding); k++) {
        const char *path;
        size_t i;
        enum err e =
            find_owner(m, config_list_item(c, CONFIG_funding, k), CONFIG_funding, diags, &i, &path);

        if (!e && m->funding[i].count > 0) {
            (void)diag_add(diags, "funding", "symbol_twice", "%s has two funding files",
                           m->instruments[i].symbol);
            e = ERR_INVALID;
        }
        if (!e)
            e = funding_file_read(path, diags, &m->funding[i]);
        if (e)
            return e;
        m->beside[i].funding = m->funding[i].items;
        m->beside[i].funding_count = m->funding[i].count;
        LOG_INFO("funding_read", "symbol", m->instruments[i].symbol, "file", path, "count",
                 LOG_NUMBER(m->funding[i].count), NULL);
    }
    return ERR_OK;
}

/* ---- Detail ---- */

/* The files while they are compared with the candles. */
struct inside {
    struct market *m;
    struct detail *details; /* one an instrument */
    const char **paths;
    struct candle_series *series;
    struct diag_list *diags;
    bool is_refused;
};

static void refuse(struct inside *in, size_t i, const struct detail_fault *f)
{
    char field[LIMIT_PATH + 16], made[AMOUNT_TEXT_MAX], wanted[AMOUNT_TEXT_MAX], at[TIME_TEXT_MAX];

    (void)snprintf(field, sizeof field, "%s:%zu", in->paths[i], f->at + 2);
    if (!in->series[i].has_lines) /* no CSV: by its number */
        (void)snprintf(field, sizeof field, "%s: candle %zu", in->paths[i], f->at + 1);
    price_print(f->made, made);
    price_print(f->wanted, wanted);
    time_print(in->series[i].candles[f->at].open_us, at);
    diag_hint(diag_add(in->diags, field, "detail",
                       "at %s the finer candles make a candle with %s %s, the candles have %s", at,
                       f->what, made, wanted),
              "give the finer candles of %s from the same venue", in->m->instruments[i].symbol);
    in->is_refused = true;
}

static void compare(void *context, const struct feed_event *e)
{
    struct inside *in = context;
    struct detail *d = &in->details[e->instrument];
    struct detail_fault fault;

    if (in->is_refused || d->count == 0 || (e->candle.flags & CANDLE_SYNTHETIC))
        return;
    if (!detail_take(d, &e->candle, &fault))
        refuse(in, e->instrument, &fault);
}

static enum err read_detail(const char *item, struct inside *in)
{
    struct market *m = in->m;
    const int64_t timeframe_us = m->feed.timeframe_us(m->feed.self);
    const char *path;
    size_t i;
    enum err e = find_owner(m, item, CONFIG_detail, in->diags, &i, &path);

    if (!e && in->paths[i]) {
        (void)diag_add(in->diags, "detail", "symbol_twice", "%s has two files of finer candles",
                       m->instruments[i].symbol);
        e = ERR_INVALID;
    }
    if (!e)
        e = candle_file_read(path, in->diags, &in->series[i]);
    if (e)
        return e;
    in->paths[i] = path;
    if (timeframe_us % in->series[i].timeframe_us != 0) {
        diag_hint(diag_add(in->diags, path, "timeframe", "candles of %s do not divide those of %s",
                           timeframe_name(in->series[i].timeframe_us),
                           timeframe_name(timeframe_us)),
                  "give a timeframe of which whole candles make up one");
        return ERR_INVALID;
    }
    in->details[i] = (struct detail){.candles = in->series[i].candles,
                                     .count = in->series[i].count,
                                     .detail_us = in->series[i].timeframe_us,
                                     .timeframe_us = timeframe_us,
                                     .tick = m->instruments[i].tick};
    return ERR_OK;
}

static void keep(struct inside *in, size_t i)
{
    struct market *m = in->m;
    struct detail *d = &in->details[i];

    if (d->count == 0)
        return;
    m->details[i] = d->kept;
    m->beside[i].detail = d->kept;
    m->beside[i].detail_count = d->kept_count;
    m->beside[i].detail_us = d->detail_us;
    d->kept = NULL;
    LOG_INFO("detail_read", "symbol", m->instruments[i].symbol, "file", in->paths[i], "count",
             LOG_NUMBER(in->series[i].count), "used", LOG_NUMBER(d->kept_count), NULL);
}

static enum err open_detail(const struct config *c, struct diag_list *diags, struct market *m)
{
    const size_t n = m->instrument_count;
    struct inside in = {.m = m,
                        .details = xcalloc(n + 1, sizeof *in.details),
                        .paths = xcalloc(n + 1, sizeof *in.paths),
                        .series = xcalloc(n + 1, sizeof *in.series),
                        .diags = diags};
    enum err e = ERR_OK;

    for (size_t k = 0; !e && k < config_list_count(c, CONFIG_detail); k++)
        e = read_detail(config_list_item(c, CONFIG_detail, k), &in);
    if (!e)
        e = m->feed.history(m->feed.self, INT64_MAX, 0, 0, compare, &in);
    if (!e && in.is_refused)
        e = ERR_INVALID;
    for (size_t i = 0; i < n; i++) {
        if (!e)
            keep(&in, i);
        detail_release(&in.details[i]);
        candle_series_release(&in.series[i]);
    }
    free(in.details);
    free(in.paths);
    free(in.series);
    return e;
}

/* ---- All of it ---- */

/* What is played beside the candles is part of what identifies a recording. */
static void make_id(const struct config *c, struct market *m)
{
    const bool with_detail = config_enum(c, CONFIG_intrabar) == INTRABAR_DETAIL;
    struct digest parts[3];

    copy_text(m->feed_id, sizeof m->feed_id, recorded_feed_id(m->recorded));
    for (size_t i = 0; i < m->instrument_count; i++) {
        const struct feed_beside *b = &m->beside[i];

        if (b->funding_count == 0 && (!with_detail || b->detail_count == 0))
            continue;
        digest_prefixed('i', m->feed_id, strlen(m->feed_id), &parts[0]);
        digest_prefixed((uint8_t)'s', m->instruments[i].symbol, strlen(m->instruments[i].symbol),
                        &parts[1]);
        digest_of(parts, 2 * sizeof *parts, &parts[0]);
        parts[1] = m->funding[i].digest;
        parts[2] = (struct digest){{0}};
        if (with_detail && b->detail_count > 0)
            candle_series_digest(b->detail, b->detail_count, &parts[2]);
        digest_of(parts, sizeof parts, &parts[0]);
        hex_print(parts[0].bytes, sizeof parts[0].bytes, m->feed_id);
    }
}

enum err market_open_beside(const struct config *c, struct diag_list *diags, struct market *m)
{
    const size_t n = m->instrument_count;
    enum err e;

    m->beside = xcalloc(n + 1, sizeof *m->beside);
    m->funding = xcalloc(n + 1, sizeof *m->funding);
    m->details = xcalloc(n + 1, sizeof *m->details);
    e = open_funding(c, diags, m);
    if (!e && config_list_count(c, CONFIG_detail) > 0)
        e = open_detail(c, diags, m);
    if (!e && config_enum(c, CONFIG_intrabar) == INTRABAR_DETAIL &&
        !feed_beside_has_detail(m->beside, n)) {
        diag_hint(diag_add(diags, "intrabar", "required", "detail needs finer candles"),
                  "name them: detail, or --detail [SYMBOL=]FILE");
        e = ERR_INVALID;
    }
    if (!e)
        make_id(c, m);
    for (size_t i = 0; !e && i < n; i++)
        if (!m->instruments[i].is_spot && m->beside[i].funding_count == 0)
            LOG_WARN("funding_missing", "symbol", m->instruments[i].symbol, "remedy",
                     "name a funding file; without one this perpetual's funding is not charged",
                     NULL);
    return e;
}

void market_close_beside(struct market *m)
{
    for (size_t i = 0; m->funding && i < m->instrument_count; i++)
        funding_series_release(&m->funding[i]);
    for (size_t i = 0; m->details && i < m->instrument_count; i++)
        free(m->details[i]);
    free(m->beside);
    free(m->funding);
    free(m->details);
    m->beside = NULL;
    m->funding = NULL;
    m->details = NULL;
}
