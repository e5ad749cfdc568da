/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of an artifact after strategy_parse, as JSON: for `traderd check` and the API. */
#ifndef ENGINE_STRATEGY_REPORT_H
#define ENGINE_STRATEGY_REPORT_H

#include "core/jwriter.h"
#include "engine/strategy.h"

/* Writes members into the object that is open: valid, id, name, warnings, errors, errors_left_out
 * (how many more there are), features, warmup_candles, symbols, other_symbols, ext, timeframe,
 * metrics.  s is NULL when the artifact was refused: then what is not known is null or empty.  json
 * is the document that was parsed; an error's expr is quoted from it.  Any thread. */
void strategy_report(struct jwriter *w, const struct strategy *s, const struct diag_list *errors,
                     const char *json, size_t length);

/* Members into the open object: field, line, column, length, code, message, hint, and expr: the
 * text at the field, or null when there is none or json is NULL. */
void strategy_report_diag(struct jwriter *w, const struct diag *d, const char *json, size_t length);

/* The text at a diag's field ("entry.condition", "features[0]") of a document; false when there is
 * none.  Columns of that diag count its bytes. */
bool strategy_field_text(const char *json, size_t length, const char *field, struct text *out);

#endif
