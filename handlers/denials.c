/* SPDX-License-Identifier: Apache-2.0 */
/* Why the risk check says no, for people and for the field it is about. */
#include "handlers/denials.h"

#include "engine/signal.h"

static const struct {
    const char *pointer, *sentence;
} reasons[DENIED_COUNT_] = {
    {"", "The confidence is not above min_confidence."},
    {"", "Entries are stopped: the loop is paused, or the database or the lease is away."},
    {"", "The newest candle was filled in for a gap."},
    {"/side", "A spot account cannot sell what it does not have; `reduce_only` closes a position."},
    {"/side", "A position or entry of the other side is open in this symbol; `reduce_only` closes "
              "one of orders by hand."},
    {"/stop_price", "An order that opens needs a stop_price on the losing side of its price."},
    {"", "max_open_positions are open."},
    {"", "The drawdown has reached max_drawdown."},
    {"/size", "The cash that is free cannot pay for it, its fee and its slippage."},
    {"/size", "It is worth less than the venue's minimum notional."},
    {"/size", "It would pass max_position_ratio or max_exposure_ratio."},
    {"/size", "An amount is out of range."},
    {"", "The strategy waits after its last position in this symbol."},
    {"", "The symbol's volatility is not known."},
    {"", "It has expired."},
    {"/side", "Orders by hand hold no position in this symbol that this side closes; close others "
              "by POST /v1/positions/{id}/close."},
    {"", "Orders by hand are ending: wait until their positions have closed."},
    {"", "A position is open already."},
    {"", "What became of an order of this symbol is not known yet."},
    {"", "A position has been without a confirmed stop for too long."},
    {"", "The account was not compared with the venue's yet."},
    {"", "The symbol is halted, or our books and the venue's differ."},
    {"", "The venue refused the account: start the loop anew."},
    {"/size", "It is larger than the venue lets an order or its stop be."},
    {"", "An entry of orders by hand is open in this symbol: replace or cancel it."},
    {"/size", "It is worth more than max_order_notional."},
    {"/size", "It is not a multiple of the symbol's lot."},
    {"/limit_price", "A price is not a multiple of the symbol's tick."},
};

void denials_view(struct jwriter *w, const char *key, unsigned denials)
{
    jw_key(w, key);
    jw_array(w);
    for (int bit = 0; bit < DENIED_COUNT_; bit++) {
        if (denials >> bit & 1)
            jw_text(w, denial_name(bit));
    }
    jw_array_end(w);
}

void denials_tell(struct request *rq, unsigned denials)
{
    for (int bit = 0; bit < DENIED_COUNT_; bit++) {
        if (denials >> bit & 1)
            diag_add(request_diags(rq), reasons[bit].pointer, denial_name(bit), "%s",
                     reasons[bit].sentence);
    }
}
