/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines on stderr: JSON, or readable ones on a terminal; any thread; never blocks on a lock
 * for longer than one write.
 *
 *   LOG_INFO("order_filled", "order", order_id, "price", text, NULL)
 *
 * An event name, then pairs of key and text, ended by NULL.  Values are escaped; the line is cut
 * at LIMIT_LOG_LINE.  No secret may be given to it. */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include "core/base.h"
#include "core/error.h"

enum log_level {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARN,
    LOG_LEVEL_ERROR
};
enum log_format {
    LOG_FORMAT_AUTO,
    LOG_FORMAT_JSON,
    LOG_FORMAT_TEXT
};

void log_configure(enum log_level level, enum log_format format, int fd);
void log_write(enum log_level level, const char *event, ...) __attribute__((sentinel));
bool log_enabled(enum log_level level);
/* Until it is said otherwise, this thread's lines are dropped and not counted; what was before is
 * returned.  For trials, whose made-up trades are not the daemon's. */
bool log_mute(bool muted);
/* How many lines were written at each level since start: exported as metrics. */
uint64_t log_count(enum log_level level);

#define LOG_DEBUG(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define LOG_INFO(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define LOG_WARN(...) log_write(LOG_LEVEL_WARN, __VA_ARGS__)
#define LOG_ERROR(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)

/* A number as text for the pairs above; the buffer lives on the caller's stack. */
struct number_text {
    char text[24];
};
const char *number_print(struct number_text *buffer, int64_t value);
#define LOG_NUMBER(value) number_print(&(struct number_text){{0}}, (int64_t)(value))

#endif
