/* SPDX-License-Identifier: Apache-2.0 */
/* docs/strategy.schema.json, the JSON Schema of artifacts, as the build put it into the binary. */
#ifndef SERVER_STRATEGY_SCHEMA_EMBEDDED_H
#define SERVER_STRATEGY_SCHEMA_EMBEDDED_H

#include <stddef.h>

extern const char embedded_strategy_schema_json[]; /* ended by NUL */
extern const size_t embedded_strategy_schema_json_length;

#endif
