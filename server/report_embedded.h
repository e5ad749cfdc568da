/* SPDX-License-Identifier: Apache-2.0 */
/* web/report.html, the page of a backtest's report, as the build put it into the binary. */
#ifndef SERVER_REPORT_EMBEDDED_H
#define SERVER_REPORT_EMBEDDED_H

#include <stddef.h>

extern const char embedded_report_html[]; /* ended by NUL */
extern const size_t embedded_report_html_length;

#endif
