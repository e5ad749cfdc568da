/* SPDX-License-Identifier: Apache-2.0 */
/* Timestamp tokens of a third party (RFC 3161): the request for one, and what one proves.
 *
 * A token says that a digest existed at a time, on the word of an authority whose certificate is
 * pinned by its issuer.  It is judged as of that time: a token does not die with the certificate
 * that signed it.  On OpenSSL; any thread. */
#ifndef CORE_TIMESTAMP_H
#define CORE_TIMESTAMP_H

#include "core/digest.h"
#include "core/text.h"

enum {
    TIMESTAMP_REQUEST_BYTES = 256,
    TIMESTAMP_ANSWER_BYTES = 64 * 1024, /* with a chain of certificates */
    TIMESTAMP_NONCE_BYTES = 16,
    TIMESTAMP_NAME = 256
};

/* DER: SHA-256 imprint, the nonce, certificates asked for.  To be POSTed as
 * application/timestamp-query. */
void timestamp_request(const struct digest *imprint, const uint8_t nonce[TIMESTAMP_NONCE_BYTES],
                       struct text *der);

struct timestamp {
    int64_t at_us;                  /* genTime */
    int64_t accuracy_us;            /* as the authority claims; 0: it claims none */
    char authority[TIMESTAMP_NAME]; /* the signer's subject */
};

/* Judges an answer (DER, media type timestamp-reply).  nonce: NULL when it is not known any more.
 * trusted_pem: one or more certificates, ended by NUL.  ERR_SYNTAX: this is no answer, or no
 * certificate; ERR_INVALID: the authority refused; ERR_CONFLICT: another digest or nonce, or a
 * signature that does not lead to a trusted certificate at that time.  reason says which. */
MUST_USE enum err timestamp_verify(const void *der, size_t length, const struct digest *imprint,
                                   const uint8_t *nonce, const char *trusted_pem,
                                   struct timestamp *out, char *reason, size_t reason_capacity);

#endif
