/* SPDX-License-Identifier: Apache-2.0 */
/* Makes RFC 3161 requests and judges answers, on OpenSSL's TS functions. */
#include "core/timestamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509_vfy.h>

#include "core/clock.h"

/* ---- Requests ---- */

static ASN1_INTEGER *nonce_number(const uint8_t *nonce)
{
    BIGNUM *n = BN_bin2bn(nonce, TIMESTAMP_NONCE_BYTES, NULL);
    ASN1_INTEGER *number = n ? BN_to_ASN1_INTEGER(n, NULL) : NULL;

    ASSERT(number);
    BN_free(n);
    return number;
}

static TS_REQ *request_new(const struct digest *imprint, const uint8_t *nonce)
{
    TS_REQ *request = TS_REQ_new();
    TS_MSG_IMPRINT *message = TS_MSG_IMPRINT_new();
    X509_ALGOR *algorithm = X509_ALGOR_new();
    uint8_t bytes[DIGEST_BYTES];

    memcpy(bytes, imprint->bytes, sizeof bytes);
    ASSERT(request && message && algorithm);
    ASSERT(TS_REQ_set_version(request, 1));
    ASSERT(X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL));
    ASSERT(TS_MSG_IMPRINT_set_algo(message, algorithm));
    ASSERT(TS_MSG_IMPRINT_set_msg(message, bytes, DIGEST_BYTES));
    ASSERT(TS_REQ_set_msg_imprint(request, message));
    ASSERT(TS_REQ_set_cert_req(request, 1));
    if (nonce) {
        ASN1_INTEGER *number = nonce_number(nonce);

        ASSERT(TS_REQ_set_nonce(request, number));
        ASN1_INTEGER_free(number);
    }
    TS_MSG_IMPRINT_free(message);
    X509_ALGOR_free(algorithm);
    return request;
}

void timestamp_request(const struct digest *imprint, const uint8_t nonce[TIMESTAMP_NONCE_BYTES],
                       struct text *der)
{
    TS_REQ *request = request_new(imprint, nonce);
    unsigned char *bytes = NULL;
    int length = i2d_TS_REQ(request, &bytes);

    ASSERT(length > 0);
    text_append(der, (const char *)bytes, (size_t)length);
    OPENSSL_free(bytes);
    TS_REQ_free(request);
}

/* ---- Answers ---- */

/* Days since 1970 of a civil date (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
 */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t era, of_era, of_year;

    year -= month <= 2;
    era = (year >= 0 ? year : year - 399) / 400;
    of_era = year - era * 400;
    of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* GeneralizedTime with a fraction of up to 6 digits that count. */
static bool time_of(const ASN1_GENERALIZEDTIME *t, int64_t *us)
{
    const char *text = (const char *)ASN1_STRING_get0_data(t);
    int length = ASN1_STRING_length(t);
    int64_t fraction = 0, scale = US_PER_S / 10;
    struct tm tm;

    if (!ASN1_TIME_to_tm(t, &tm))
        return false;
    for (int i = 15; i < length && text[i] >= '0' && text[i] <= '9'; i++, scale /= 10)
        fraction += (text[i] - '0') * scale;
    *us = (days_of(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday) * 86400 + tm.tm_hour * 3600 +
           tm.tm_min * 60 + tm.tm_sec) *
              US_PER_S +
          fraction;
    return true;
}

/* False when the number is none of its unit. */
static bool add_part(const ASN1_INTEGER *part, int64_t max, int64_t unit_us, int64_t *us)
{
    int64_t n = part ? ASN1_INTEGER_get(part) : 0;

    *us += n >= 0 && n <= max ? n * unit_us : 0;
    return n >= 0 && n <= max;
}

/* RFC 3161 2.4.2; of seconds as many as a century has. */
static bool accuracy_of(TS_TST_INFO *info, int64_t *us)
{
    const TS_ACCURACY *a = TS_TST_INFO_get_accuracy(info);

    *us = 0;
    return !a || (add_part(TS_ACCURACY_get_seconds(a), INT64_C(3155760000), US_PER_S, us) &&
                  add_part(TS_ACCURACY_get_millis(a), 999, US_PER_MS, us) &&
                  add_part(TS_ACCURACY_get_micros(a), 999, 1, us));
}

static void authority_of(TS_RESP *answer, char name[TIMESTAMP_NAME])
{
    STACK_OF(X509) *signers = PKCS7_get0_signers(TS_RESP_get_token(answer), NULL, 0);

    name[0] = '\0';
    if (signers && sk_X509_num(signers) > 0)
        X509_NAME_oneline(X509_get_subject_name(sk_X509_value(signers, 0)), name, TIMESTAMP_NAME);
    sk_X509_free(signers);
}

static X509_STORE *store_of(const char *pem, int64_t at_us)
{
    BIO *in = BIO_new_mem_buf(pem, -1);
    X509_STORE *store = X509_STORE_new();
    X509 *certificate;
    int count = 0;

    ASSERT(in && store);
    while ((certificate = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
        count += X509_STORE_add_cert(store, certificate);
        X509_free(certificate);
    }
    BIO_free(in);
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)(at_us / US_PER_S));
    if (count > 0)
        return store;
    X509_STORE_free(store);
    return NULL;
}

/* Takes the store. */
static enum err judge(TS_RESP *answer, const struct digest *imprint, const uint8_t *nonce,
                      X509_STORE *store, char *reason, size_t capacity)
{
    TS_REQ *request = request_new(imprint, nonce);
    TS_VERIFY_CTX *context = TS_REQ_to_TS_VERIFY_CTX(request, NULL);
    bool good;

    ASSERT(context);
    TS_VERIFY_CTX_add_flags(context, TS_VFY_SIGNATURE);
    TS_VERIFY_CTX_set_store(context, store);
    ERR_clear_error();
    good = TS_RESP_verify_response(context, answer) == 1;
    if (!good) {
        unsigned long code = ERR_peek_last_error();
        const char *why = ERR_reason_error_string(code);

        snprintf(reason, capacity, "the token does not hold: %s", why ? why : "no reason given");
    }
    TS_VERIFY_CTX_free(context);
    TS_REQ_free(request);
    return good ? ERR_OK : ERR_CONFLICT;
}

static enum err fail(enum err e, char *reason, size_t capacity, const char *text)
{
    snprintf(reason, capacity, "%s", text);
    return e;
}

static enum err verify(TS_RESP *answer, const struct digest *imprint, const uint8_t *nonce,
                       const char *trusted_pem, struct timestamp *out, char *reason,
                       size_t capacity)
{
    TS_TST_INFO *info = TS_RESP_get_tst_info(answer);
    X509_STORE *store;
    enum err e;

    if (!info)
        return fail(ERR_INVALID, reason, capacity, "the authority refused to give a token");
    if (!time_of(TS_TST_INFO_get_time(info), &out->at_us))
        return fail(ERR_SYNTAX, reason, capacity, "the token has no time");
    store = store_of(trusted_pem, out->at_us);
    if (!store)
        return fail(ERR_SYNTAX, reason, capacity, "there is no trusted certificate in the PEM");
    e = judge(answer, imprint, nonce, store, reason, capacity);
    if (e)
        return e;
    if (!accuracy_of(info, &out->accuracy_us))
        return fail(ERR_SYNTAX, reason, capacity, "the token's accuracy is no duration");
    authority_of(answer, out->authority);
    return ERR_OK;
}

enum err timestamp_verify(const void *der, size_t length, const struct digest *imprint,
                          const uint8_t *nonce, const char *trusted_pem, struct timestamp *out,
                          char *reason, size_t reason_capacity)
{
    const unsigned char *at = der;
    TS_RESP *answer;
    enum err e;

    *out = (struct timestamp){.at_us = TIME_NONE};
    reason[0] = '\0';
    if (length > TIMESTAMP_ANSWER_BYTES)
        return fail(ERR_SYNTAX, reason, reason_capacity, "the answer is too large for a token");
    answer = d2i_TS_RESP(NULL, &at, (long)length);
    if (!answer || at != (const unsigned char *)der + length)
        e = fail(ERR_SYNTAX, reason, reason_capacity, "this is no timestamp answer");
    else
        e = verify(answer, imprint, nonce, trusted_pem, out, reason, reason_capacity);
    TS_RESP_free(answer);
    ERR_clear_error();
    return e;
}
