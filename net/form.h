/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters as application/x-www-form-urlencoded text, and their HMAC-SHA256 signature. */
#ifndef NET_FORM_H
#define NET_FORM_H

#include "core/digest.h"
#include "core/text.h"

/* Appends "&name=value" (no "&" in front of the first), the value percent-encoded: letters, digits
 * and -_.~ stay, every other byte becomes %XX in upper case (RFC 3986). */
void form_text(struct text *t, const char *name, const char *value);
void form_integer(struct text *t, const char *name, int64_t value);

/* HMAC-SHA256 (RFC 2104) in lower-case hex. */
void form_signature(const char *secret, const char *data, size_t length, char hex[DIGEST_HEX]);

#endif
