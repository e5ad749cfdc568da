/* SPDX-License-Identifier: Apache-2.0 */
/* docs/trade-log.md, what the log's bytes mean, as the build put it into the binary. */
#ifndef SERVER_TRADE_LOG_EMBEDDED_H
#define SERVER_TRADE_LOG_EMBEDDED_H

#include <stddef.h>

extern const char embedded_trade_log_md[]; /* ended by NUL */
extern const size_t embedded_trade_log_md_length;

#endif
