/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes an entry, makes it smaller until every limit holds, and tells all reasons against it.
 *
 * Sizes round down to the lot, so that no rounding passes a limit.  A limit that leaves less than
 * can be traded is told beside min_notional. */
#include "engine/risk.h"

#include "core/amount_text.h"
#include "engine/signal.h"

/* The largest multiple of the lot that `quote` buys at the price; 0 when it is not positive. */
static enum err size_for(const struct risk_request *q, struct money quote, struct size *out)
{
    struct size s;
    enum err e;

    if (money_sign(quote) <= 0) {
        *out = SIZE_ZERO;
        return ERR_OK;
    }
    e = money_per_price(quote, q->price, ROUND_DOWN, &s);
    if (e)
        return e;
    return size_to_step(s, q->instrument->lot, ROUND_DOWN, out);
}

/* A stop protects when it lies where the price goes in the bad case. */
static bool is_stop_set(const struct risk_request *q)
{
    return price_sign(q->stop_loss) > 0;
}

static bool is_stop_good(const struct risk_request *q)
{
    int side = price_cmp(q->price, q->stop_loss);

    return is_stop_set(q) && (q->direction == DIRECTION_LONG ? side > 0 : side < 0);
}

/* What may be lost between entry and stop, as a size: risk / |price - stop|. */
static enum err size_of_risk(const struct risk_request *q, struct money risk, struct size *out)
{
    struct price distance;
    enum err e;

    if (!is_stop_good(q)) {
        *out = SIZE_ZERO;
        return ERR_OK;
    }
    e = price_sub(q->price, q->stop_loss, &distance);
    if (e)
        return e;
    return money_per_price(risk, price_abs(distance), ROUND_DOWN, out);
}

/* equity * target / volatility: the notional that brings the target's volatility of equity. */
static enum err size_of_volatility(const struct risk_request *q, struct money equity,
                                   struct size *out)
{
    struct money target = {q->sizing.value.e12}, volatility = {q->volatility.e12}, quote;
    struct ratio factor;
    enum err e;

    *out = SIZE_ZERO;
    if (ratio_sign(q->volatility) <= 0)
        return ERR_OK;
    e = money_ratio(target, volatility, ROUND_DOWN, &factor);
    if (!e)
        e = money_times(equity, factor, ROUND_DOWN, &quote);
    return e ? e : size_for(q, quote, out);
}

/* What the strategy's sizing asks for, capped by its max_quote, rounded down to the lot. */
static enum err size_asked(const struct risk_view *view, const struct risk_request *q,
                           struct size *out)
{
    struct money equity = money_max(view->equity, MONEY_ZERO), quote;
    struct size size = SIZE_ZERO, cap;
    enum err e = ERR_OK;

    switch (q->sizing.kind) {
    case SIZING_FIXED_BASE:
        size.e12 = q->sizing.value.e12;
        break;
    case SIZING_FIXED_QUOTE:
        quote.e12 = q->sizing.value.e12;
        e = size_for(q, quote, &size);
        break;
    case SIZING_EQUITY_PCT:
        e = money_times(equity, q->sizing.value, ROUND_DOWN, &quote);
        if (!e)
            e = size_for(q, quote, &size);
        break;
    case SIZING_RISK_PCT:
        e = money_times(equity, q->sizing.value, ROUND_DOWN, &quote);
        if (!e)
            e = size_of_risk(q, quote, &size);
        break;
    case SIZING_VOL_TARGET:
        e = size_of_volatility(q, equity, &size);
        break;
    }
    if (!e && money_sign(q->sizing.max_quote) > 0) {
        e = size_for(q, q->sizing.max_quote, &cap);
        if (!e)
            size = size_min(size, cap);
    }
    if (e)
        return e;
    return size_to_step(size_max(size, SIZE_ZERO), q->instrument->lot, ROUND_DOWN, out);
}

/* Worth trading at all: at least one lot, the venue's least size and the minimum notional. */
static bool is_tradable(const struct risk_request *q, struct size size, enum err *e)
{
    struct money exact;

    if (size_cmp(size, instrument_least(q->instrument)) < 0)
        return false;
    *e = notional_of(q->price, size, ROUND_DOWN, &exact);
    return !*e && money_cmp(exact, q->instrument->min_notional) >= 0;
}

/* Makes *size small enough for the quote currency allowed; tells `reason` when nothing tradable is
 * left by this limit alone, or the size was to be exact. */
static enum err limit_to(const struct risk_request *q, struct money allowed, unsigned reason,
                         struct size *size, unsigned *denials)
{
    struct money needed;
    struct size cap;
    enum err e;

    /* First in money: a limit far above the price might be no size at all. */
    if (money_sign(allowed) > 0 && !notional_of(q->price, *size, ROUND_UP, &needed) &&
        money_cmp(needed, allowed) <= 0)
        return ERR_OK;
    e = size_for(q, allowed, &cap);
    if (e)
        return e;
    if (q->is_exact || !is_tradable(q, cap, &e))
        *denials |= reason;
    *size = size_min(*size, cap);
    return e;
}

/* equity * ratio - used. */
static enum err room_of(struct money equity, struct ratio ratio, struct money used,
                        struct money *out)
{
    struct money all;
    enum err e = money_times(equity, ratio, ROUND_DOWN, &all);

    if (e)
        return e;
    return money_sub(all, used, out);
}

/* The part of the free cash that pays for size alone, when fee and slippage come on top. */
static enum err cash_for_size(const struct risk_limits *l, struct money free, struct money *out)
{
    struct money cost_of_one = {AMOUNT_ONE + l->fee_rate.e12 + l->cash_reserve.e12};
    struct ratio units;
    enum err e = money_ratio(free, cost_of_one, ROUND_DOWN, &units);

    if (e)
        return e;
    out->e12 = units.e12;
    return ERR_OK;
}

/* One stop must protect all of the position, so the venue's largest order bounds it. */
static void limit_to_maximum(const struct risk_view *view, const struct risk_request *q,
                             struct size *size, unsigned *denials)
{
    const struct size most = q->instrument->market_max;
    struct size room = {most.e12 - view->held.e12};
    enum err e = ERR_OK;

    if (size_sign(most) <= 0)
        return;
    if (size_sign(room) <= 0 || size_to_step(room, q->instrument->lot, ROUND_DOWN, &room) ||
        !is_tradable(q, room, &e) || (q->is_exact && size_cmp(*size, room) > 0))
        *denials |= DENIED_VENUE_MAXIMUM;
    *size = size_min(*size, size_max(room, SIZE_ZERO));
}

static enum err apply_limits(const struct risk_limits *l, const struct risk_view *view,
                             const struct risk_request *q, struct size *size, unsigned *denials)
{
    struct money allowed;
    enum err e;

    limit_to_maximum(view, q, size, denials);
    if (money_sign(l->max_order_notional) > 0) {
        e = limit_to(q, l->max_order_notional, q->is_exact ? DENIED_ORDER_NOTIONAL : 0, size,
                     denials);
        if (e)
            return e;
    }
    e = room_of(view->equity, l->max_position_ratio, view->symbol_exposure, &allowed);
    if (!e)
        e = limit_to(q, allowed, DENIED_MAX_EXPOSURE, size, denials);
    if (!e)
        e = room_of(view->equity, l->max_exposure_ratio, view->exposure, &allowed);
    if (!e)
        e = limit_to(q, allowed, DENIED_MAX_EXPOSURE, size, denials);
    if (!e)
        e = cash_for_size(l, view->cash_free, &allowed);
    if (!e)
        e = limit_to(q, allowed, DENIED_INSUFFICIENT_CASH, size, denials);
    return e;
}

static bool is_drawdown_reached(const struct risk_limits *l, const struct risk_view *view)
{
    struct money down, most;

    if (ratio_sign(l->max_drawdown) <= 0)
        return false;
    /* Out of range: nothing is known about the drawdown, so it counts as reached. */
    return money_sub(view->equity_peak, view->equity, &down) ||
           money_times(view->equity_peak, l->max_drawdown, ROUND_UP, &most) ||
           (money_sign(down) > 0 && money_cmp(down, most) >= 0);
}

/* The reasons that have nothing to do with size. */
static unsigned state_denials(const struct risk_limits *l, const struct risk_view *view,
                              const struct risk_request *q)
{
    unsigned denials = view->gate;

    if (!q->confidence_known || ratio_cmp(q->confidence, l->min_confidence) <= 0 ||
        ratio_cmp(q->confidence, q->strategy_min_confidence) <= 0)
        denials |= DENIED_CONFIDENCE;
    if (view->paused)
        denials |= DENIED_PAUSED;
    if (view->candle_is_synthetic)
        denials |= DENIED_CANDLE_GAP;
    if (q->direction == DIRECTION_SHORT && q->instrument->is_spot)
        denials |= DENIED_SHORT_ON_SPOT;
    if (view->is_cooling_down)
        denials |= DENIED_COOLDOWN;
    if (view->opposite_open)
        denials |= DENIED_OPPOSITE_POSITION;
    /* A stop on the wrong side would close the position at once: as good as none. */
    if (is_stop_set(q) ? !is_stop_good(q)
                       : l->stop_loss_required || q->sizing.kind == SIZING_RISK_PCT)
        denials |= DENIED_NO_STOP_LOSS;
    if (q->sizing.kind == SIZING_VOL_TARGET && ratio_sign(q->volatility) <= 0)
        denials |= DENIED_VOLATILITY_UNKNOWN;
    if (view->open_positions >= l->max_open_positions)
        denials |= DENIED_MAX_OPEN_POSITIONS;
    if (is_drawdown_reached(l, view))
        denials |= DENIED_MAX_DRAWDOWN;
    return denials;
}

/* Asked and approved size; returns the denials that come of it. */
static unsigned size_denials(const struct risk_limits *l, const struct risk_view *view,
                             const struct risk_request *q, struct size *asked, struct size *size)
{
    unsigned denials = 0;
    enum err e;

    if (price_sign(q->price) <= 0)
        return DENIED_OVERFLOW;
    e = size_asked(view, q, asked);
    if (e)
        return DENIED_OVERFLOW;
    *size = *asked;
    e = apply_limits(l, view, q, size, &denials);
    if (!e && !is_tradable(q, *size, &e))
        denials |= DENIED_MIN_NOTIONAL;
    if (e)
        denials |= DENIED_OVERFLOW;
    return denials;
}

void risk_check(const struct risk_limits *limits, const struct risk_view *view,
                const struct risk_request *request, struct risk_verdict *out)
{
    struct risk_verdict v = {.asked = SIZE_ZERO};
    struct money exact;

    v.denials = state_denials(limits, view, request);
    v.denials |= size_denials(limits, view, request, &v.asked, &v.size);
    if (v.denials == 0 && notional_of(request->price, v.size, ROUND_HALF_EVEN, &exact))
        v.denials |= DENIED_OVERFLOW;
    if (v.denials == 0) {
        v.approved = true;
        v.notional = money_to_scale(exact, request->instrument->money_scale, ROUND_HALF_EVEN);
        v.adjusted = size_cmp(v.size, v.asked) < 0;
    } else {
        v.size = SIZE_ZERO;
    }
    *out = v;
}
