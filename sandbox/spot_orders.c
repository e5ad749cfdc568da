/* SPDX-License-Identifier: Apache-2.0 */
/* Spot orders: new, test, query, cancel, cancel and replace, lists. */
#include "sandbox/endpoints.h"
#include "sandbox/find.h"
#include "sandbox/place.h"
#include "sandbox/reply.h"
#include "sandbox/trade.h"

#include <stdlib.h>
#include <string.h>

void spot_order_new(struct call *c)
{
    struct box_order o;
    enum place_answer answer;
    const struct box_order *added;

    if (!place_read_spot(c, &c->params, &o) || !place_read_answer(c, &c->params, o.type, &answer))
        return;
    added = place_submit(c, &o);
    if (added)
        reply_spot_new(&c->w, c->b, added, answer);
}

void spot_order_test(struct call *c)
{
    struct box_order o;
    enum place_answer answer;

    if (!place_read_spot(c, &c->params, &o) || !place_read_answer(c, &c->params, o.type, &answer) ||
        !place_check(c, &o))
        return;
    jw_object(&c->w);
    jw_object_end(&c->w);
}

void spot_order_get(struct call *c)
{
    const struct box_order *o = find_order(c, &c->params, "orderId", "origClientOrderId", -2013);

    if (o)
        reply_spot_order(&c->w, c->b, o);
}

/* Checks cancelRestrictions too; NULL with an error. */
static struct box_order *find_to_cancel(struct call *c, const char *number, const char *client_id)
{
    const char *only = asked_get(&c->params, "cancelRestrictions");
    struct box_order *o;

    if (only && strcmp(only, "ONLY_NEW") != 0 && strcmp(only, "ONLY_PARTIALLY_FILLED") != 0) {
        call_fail(c, -1145, "Invalid cancelRestrictions");
        return NULL;
    }
    o = find_order(c, &c->params, number, client_id, -2011);
    if (!o)
        return NULL;
    if (!book_is_live(o)) {
        call_fail(c, -2011, "Unknown order sent.");
        return NULL;
    }
    if (only && (strcmp(only, "ONLY_NEW") == 0) != (o->status == BOX_NEW)) {
        call_fail(c, -2011, "Order was not canceled due to cancel restrictions.");
        return NULL;
    }
    return o;
}

void spot_order_cancel(struct call *c)
{
    struct box_order *o = find_to_cancel(c, "orderId", "origClientOrderId");
    char id[BOX_CLIENT_ID];

    if (!o || !place_client_id(c, &c->params, "newClientOrderId", id))
        return;
    trade_end(c->b, o, BOX_CANCELED);
    reply_spot_cancel(&c->w, c->b, o, id);
}

void spot_orders_open(struct call *c)
{
    find_open(c, false, reply_spot_order);
}

void spot_orders_all(struct call *c)
{
    find_all(c, false, reply_spot_order);
}

void spot_trades(struct call *c)
{
    find_trades(c, reply_spot_trade);
}

void spot_orders_cancel_all(struct call *c)
{
    struct box *b = c->b;
    int64_t *ids;
    size_t pair, count = 0;
    char id[BOX_CLIENT_ID];

    if (!call_pair(c, &c->params, &pair) || !place_client_id(c, &c->params, "newClientOrderId", id))
        return;
    ids = xcalloc(b->live_count + 1, sizeof *ids);
    for (size_t i = 0; i < b->live_count; i++)
        if (book_order(b, b->live[i])->pair == pair)
            ids[count++] = b->live[i];
    if (count == 0)
        call_fail(c, -2011, "Unknown order sent.");
    jw_array(&c->w);
    for (size_t i = 0; i < count; i++) {
        struct box_order *o = book_order(b, ids[i]);

        if (book_is_live(o))
            trade_end(b, o, BOX_CANCELED);
        reply_spot_cancel(&c->w, b, o, id);
    }
    jw_array_end(&c->w);
    free(ids);
}

/* ---- Cancel and replace ---- */

enum half {
    HALF_NOT_ATTEMPTED,
    HALF_FAILURE,
    HALF_SUCCESS
};

struct replacing {
    enum half cancel, place;
    struct call_error cancel_error, place_error;
    struct box_order *canceled;
    const struct box_order *placed;
    char cancel_id[BOX_CLIENT_ID];
    enum place_answer answer;
};

/* The error so far becomes one half's. */
static enum half take_error(struct call *c, struct call_error *to)
{
    *to = c->error;
    c->error = (struct call_error){0};
    return HALF_FAILURE;
}

static void put_half(struct call *c, const struct replacing *r, bool is_cancel)
{
    const enum half half = is_cancel ? r->cancel : r->place;

    jw_key(&c->w, is_cancel ? "cancelResponse" : "newOrderResponse");
    if (half == HALF_NOT_ATTEMPTED)
        jw_null(&c->w);
    else if (half == HALF_FAILURE)
        call_write_error(&c->w, is_cancel ? &r->cancel_error : &r->place_error);
    else if (is_cancel)
        reply_spot_cancel(&c->w, c->b, r->canceled, r->cancel_id);
    else
        reply_spot_new(&c->w, c->b, r->placed, r->answer);
}

static void put_replacing(struct call *c, const struct replacing *r)
{
    static const char *const words[] = {"NOT_ATTEMPTED", "FAILURE", "SUCCESS"};
    const bool is_good = r->cancel == HALF_SUCCESS && r->place == HALF_SUCCESS;
    const bool is_partial = r->cancel == HALF_SUCCESS || r->place == HALF_SUCCESS;

    if (!is_good) {
        c->status = is_partial ? 409 : 400;
        jw_object(&c->w);
        jw_member_integer(&c->w, "code", is_partial ? -2021 : -2022);
        jw_member_text(&c->w, "msg",
                       is_partial ? "Order cancel-replace partially failed."
                                  : "Order cancel-replace failed.");
        jw_key(&c->w, "data");
    }
    jw_object(&c->w);
    jw_member_text(&c->w, "cancelResult", words[r->cancel]);
    jw_member_text(&c->w, "newOrderResult", words[r->place]);
    put_half(c, r, true);
    put_half(c, r, false);
    jw_object_end(&c->w);
    if (!is_good)
        jw_object_end(&c->w);
}

void spot_cancel_replace(struct call *c)
{
    const char *mode = asked_get(&c->params, "cancelReplaceMode");
    struct replacing r = {0};
    struct box_order o;
    bool stops;

    if (!mode) {
        call_missing(c, "cancelReplaceMode");
        return;
    }
    stops = strcmp(mode, "STOP_ON_FAILURE") == 0;
    if (!stops && strcmp(mode, "ALLOW_FAILURE") != 0) {
        call_fail(c, -1130, "Data sent for parameter 'cancelReplaceMode' is not valid.");
        return;
    }
    if (!place_read_spot(c, &c->params, &o) ||
        !place_read_answer(c, &c->params, o.type, &r.answer) ||
        !place_client_id(c, &c->params, "cancelNewClientOrderId", r.cancel_id))
        return;
    r.canceled = find_to_cancel(c, "cancelOrderId", "cancelOrigClientOrderId");
    if (r.canceled) {
        trade_end(c->b, r.canceled, BOX_CANCELED);
        r.cancel = HALF_SUCCESS;
    } else if (c->error.code == -2011) {
        r.cancel = take_error(c, &r.cancel_error);
    } else {
        return; /* the request itself is wrong */
    }
    if (r.cancel == HALF_SUCCESS || !stops) {
        const int64_t canceled_id = r.canceled ? r.canceled->id : 0;

        r.placed = place_submit(c, &o);
        r.canceled = book_order(c->b, canceled_id);
        r.place = r.placed ? HALF_SUCCESS : take_error(c, &r.place_error);
    }
    put_replacing(c, &r);
}
