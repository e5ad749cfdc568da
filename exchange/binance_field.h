/* SPDX-License-Identifier: Apache-2.0 */
/* Members of Binance's JSON answers as exact values; only the binance_parse*.c files include it.
 *
 * Amounts are decimal texts (or whole numbers), never binary fractions: a JSON number with a point
 * is refused.  Ids and times may be numbers or digits in a text, as the venue writes both.  Every
 * mistake is one diag with the member's name; nothing is written then. */
#ifndef EXCHANGE_BINANCE_FIELD_H
#define EXCHANGE_BINANCE_FIELD_H

#include "core/jnode.h"
#include "exchange/binance_types.h"

/* The whole text as a value of this kind; ERR_SYNTAX with a diag otherwise. */
MUST_USE enum err binance_open(const char *json, size_t length, enum jkind kind,
                               struct diag_list *diags, struct jnode **out);
/* A list with at most `most` items; ERR_INVALID with a diag otherwise. */
MUST_USE enum err binance_list(const struct jnode *list, const char *name, size_t most,
                               struct diag_list *diags);
/* A member that must be a list; the same. */
MUST_USE enum err binance_member_list(const struct jnode *object, const char *key, size_t most,
                                      struct diag_list *diags, const struct jnode **out);

bool binance_has(const struct jnode *object, const char *key); /* there, and not null */

/* Members that must be there. */
MUST_USE enum err binance_text(const struct jnode *object, const char *key, char *out,
                               size_t capacity, struct diag_list *diags);
MUST_USE enum err binance_integer(const struct jnode *object, const char *key, int64_t *out,
                                  struct diag_list *diags);
/* An id: a whole number or a text of digits, printed without leading zeros of any kind. */
MUST_USE enum err binance_id(const struct jnode *object, const char *key, char out[BINANCE_ID],
                             struct diag_list *diags);
MUST_USE enum err binance_time(const struct jnode *object, const char *key, int64_t *us,
                               struct diag_list *diags);
MUST_USE enum err binance_price(const struct jnode *object, const char *key, struct price *out,
                                struct diag_list *diags);
MUST_USE enum err binance_size(const struct jnode *object, const char *key, struct size *out,
                               struct diag_list *diags);
MUST_USE enum err binance_money(const struct jnode *object, const char *key, struct money *out,
                                struct diag_list *diags);

/* The same for members that may be absent or null: *out keeps what it has. */
MUST_USE enum err binance_may_id(const struct jnode *object, const char *key, char out[BINANCE_ID],
                                 struct diag_list *diags);
MUST_USE enum err binance_may_time(const struct jnode *object, const char *key, int64_t *us,
                                   struct diag_list *diags);
MUST_USE enum err binance_may_price(const struct jnode *object, const char *key, struct price *out,
                                    struct diag_list *diags);
MUST_USE enum err binance_may_size(const struct jnode *object, const char *key, struct size *out,
                                   struct diag_list *diags);
MUST_USE enum err binance_may_money(const struct jnode *object, const char *key, struct money *out,
                                    struct diag_list *diags);
MUST_USE enum err binance_may_ratio(const struct jnode *object, const char *key, struct ratio *out,
                                    struct diag_list *diags);
MUST_USE enum err binance_may_bool(const struct jnode *object, const char *key, bool *out,
                                   struct diag_list *diags);

/* For figures nobody trades by (average, mark, liquidation): decimals beyond the 12th are cut. */
MUST_USE enum err binance_rough(const struct jnode *object, const char *key, i128 *e12,
                                struct diag_list *diags);

#endif
