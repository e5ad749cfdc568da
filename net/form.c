/* SPDX-License-Identifier: Apache-2.0 */
/* Encodes parameters and signs them with OpenSSL. */
#include "net/form.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

static bool stays(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-_.~", c));
}

void form_text(struct text *t, const char *name, const char *value)
{
    static const char hex[] = "0123456789ABCDEF";

    if (t->length > 0)
        text_char(t, '&');
    text_string(t, name);
    text_char(t, '=');
    for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
        if (stays(*c)) {
            text_char(t, (char)*c);
        } else {
            text_char(t, '%');
            text_char(t, hex[*c >> 4]);
            text_char(t, hex[*c & 15]);
        }
    }
}

void form_integer(struct text *t, const char *name, int64_t value)
{
    text_format(t, t->length > 0 ? "&%s=%lld" : "%s=%lld", name, (long long)value);
}

void form_signature(const char *secret, const char *data, size_t length, char hex[DIGEST_HEX])
{
    unsigned char mac[DIGEST_BYTES];
    unsigned int written = 0;

    ASSERT(HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)data, length, mac,
                &written) &&
           written == sizeof mac);
    hex_print(mac, sizeof mac, hex);
}
