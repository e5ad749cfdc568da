/* SPDX-License-Identifier: Apache-2.0 */
/* The column lists of the engine's structs. */
#ifndef STORE_TABLES_H
#define STORE_TABLES_H

#include "store/columns.h"

extern const struct table table_account; /* its first column is the account's id */
extern const struct table table_order;
extern const struct table table_fill;
extern const struct table table_position;
extern const struct table table_cash;
extern const struct table table_signal;
extern const struct table table_equity;
extern const struct table table_slot;
extern const struct table table_activation;
extern const struct table table_ext_value;

#endif
