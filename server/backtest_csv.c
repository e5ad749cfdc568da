/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the fills and the signals of a backtest as CSV. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/amount_text.h"
#include "server/backtest.h"

static void put_trade(FILE *out, const struct fill *f)
{
    char at[TIME_TEXT_MAX], price[AMOUNT_TEXT_MAX], size[AMOUNT_TEXT_MAX],
        notional[AMOUNT_TEXT_MAX], fee[AMOUNT_TEXT_MAX], pnl[AMOUNT_TEXT_MAX],
        slippage[AMOUNT_TEXT_MAX];

    time_print(f->at_us, at);
    (void)price_print(f->price, price);
    (void)size_print(f->size, size);
    (void)money_print(f->notional, notional);
    (void)money_print(f->fee, fee);
    (void)money_print(f->pnl, pnl);
    (void)money_print(f->slippage, slippage);
    fprintf(out, "%" PRId64 ",%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%" PRId64 ",%" PRId64 "\n", f->id,
            at, f->symbol, f->strategy, side_name(f->side), price, size, notional, fee, pnl,
            slippage, f->is_maker ? "maker" : "taker", f->order_id, f->position_id);
}

enum err backtest_write_trades(const char *path, const struct backtest_result *r)
{
    FILE *out = fopen(path, "we");
    const size_t count = backtest_fill_count(r);
    struct fill space;
    bool failed;

    if (!out)
        return ERR_IO;
    fputs("id,timestamp,symbol,strategy,side,price,size,notional,fee,pnl,slippage,liquidity,"
          "order_id,position_id\n",
          out);
    for (size_t i = 0; i < count; i++)
        put_trade(out, backtest_fill(r, i, &space));
    failed = ferror(out) != 0;
    failed |= fclose(out) != 0;
    return failed ? ERR_IO : ERR_OK;
}

/* RFC 4180: a reason may have commas and quotes. */
static void put_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void put_denials(FILE *out, unsigned denials)
{
    const char *before = "";

    for (int bit = 0; bit < DENIED_COUNT_; bit++) {
        if (!(denials & 1U << bit))
            continue;
        fprintf(out, "%s%s", before, denial_name(bit));
        before = " ";
    }
}

static void put_signal(FILE *out, const struct signal *s)
{
    char at[TIME_TEXT_MAX], candle_at[TIME_TEXT_MAX], confidence[AMOUNT_TEXT_MAX],
        price[AMOUNT_TEXT_MAX], size[AMOUNT_TEXT_MAX], asked[AMOUNT_TEXT_MAX];

    time_print(s->at_us, at);
    time_print(s->candle_us, candle_at);
    (void)ratio_print(s->confidence, confidence);
    (void)price_print(s->price, price);
    (void)size_print(s->size, size);
    (void)size_print(s->size_asked, asked);
    fprintf(out, "%" PRId64 ",%s,%s,%s,%s,%s,%s,%s,", s->id, at, candle_at, s->symbol, s->strategy,
            signal_action_name(s->action), side_name(s->side), signal_decision_name(s->decision));
    put_denials(out, s->denials);
    fprintf(out, ",%s,%s,%s,%s,", confidence, price, size, asked);
    put_quoted(out, s->trigger);
    fputc('\n', out);
}

enum err backtest_write_signals(const char *path, const struct backtest_result *r)
{
    FILE *out = fopen(path, "we");
    bool failed;

    if (!out)
        return ERR_IO;
    fputs("id,at,candle_at,symbol,strategy,action,side,decision,denials,confidence,price,size,"
          "size_asked,trigger\n",
          out);
    for (size_t i = 0; i < r->trial.signal_count; i++)
        put_signal(out, &r->trial.signals[i]);
    failed = ferror(out) != 0;
    failed |= fclose(out) != 0;
    return failed ? ERR_IO : ERR_OK;
}
