/* SPDX-License-Identifier: Apache-2.0 */
/* Engine and store structs as JSON, one function a struct; shapes of openapi/openapi.yaml. */
#ifndef HANDLERS_VIEW_H
#define HANDLERS_VIEW_H

#include "core/jwriter.h"
#include "engine/snapshot.h"
#include "store/store.h"

/* What an answer may grow to: a page of 500 rows of 16 KiB log records at most. */
enum {
    VIEW_MAX = 16 * 1024 * 1024
};

/* Ids are texts in JSON: they are names, not numbers to count with. */
void view_id(struct jwriter *w, const char *key, int64_t id); /* 0: null */

void view_position(struct jwriter *w, const struct position *p, enum trading_mode mode);
void view_order(struct jwriter *w, const struct order *o, enum trading_mode mode);
void view_fill(struct jwriter *w, const struct fill *f);
void view_signal(struct jwriter *w, const struct signal *s);
/* The stored canonical record with id, log_index and proof put before its last brace. */
void view_trade(struct jwriter *w, const struct trade_row *t);
void view_token(struct jwriter *w, const struct token *t);

/* Members of the loop document, without the braces. */
void view_loop(struct jwriter *w, const struct snapshot *s);
/* Members of the metrics document, without the braces. */
void view_metrics(struct jwriter *w, const struct snapshot *s);
void view_account(struct jwriter *w, const struct snapshot *s);

/* The log's index and time: members as_of and seq of every state read. */
void view_as_of(struct jwriter *w, const struct snapshot *s);

#endif
