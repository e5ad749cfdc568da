/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd starts with an empty certificate (and serves plain HTTP) and with some keys that do
 * not fit theirs (and fails every handshake): both are found here. */
#include "server/tls_files.h"

#include <errno.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "core/log.h"

static enum err read_file(const struct config *c, enum config_key key, const char *name,
                          struct diag_list *diags, struct text *out)
{
    const char *path = config_text(c, key);
    enum err e = text_read_file(out, path);

    if (!e)
        return ERR_OK;
    diag_add(diags, name, "file", "cannot read '%s': %s", path,
             e == ERR_LIMIT ? "it is too large" : strerror(errno));
    return e;
}

/* Without an answer of ours OpenSSL would ask for the password on the terminal. */
static int no_password(char *buffer, int size, int writing, void *self)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)self;
    return -1;
}

static BIO *open_text(const struct text *t)
{
    BIO *bio = BIO_new_mem_buf(t->data ? t->data : "", (int)t->length);

    ASSERT(bio);
    return bio;
}

static X509 *read_certificate(const struct text *t)
{
    BIO *bio = open_text(t);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, no_password, NULL);

    BIO_free(bio);
    return certificate;
}

static EVP_PKEY *read_key(const struct text *t)
{
    BIO *bio = open_text(t);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);

    BIO_free(bio);
    return key;
}

/* An expired certificate is still one: clients decide, the operator is told. */
static void warn_of_expiry(const struct config *c, const X509 *certificate)
{
    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
        LOG_WARN("tls_certificate_expired", "file", config_text(c, CONFIG_tls_cert), NULL);
}

static enum err judge(const struct config *c, const struct tls_files *t, struct diag_list *diags)
{
    X509 *certificate = read_certificate(&t->certificate);
    EVP_PKEY *key = read_key(&t->key);
    enum err e = ERR_INVALID;

    if (!certificate)
        diag_add(diags, "tls_cert", "file", "'%s' holds no certificate in PEM form",
                 config_text(c, CONFIG_tls_cert));
    if (!key)
        diag_add(diags, "tls_key", "file",
                 "'%s' holds no private key without a password in PEM form",
                 config_text(c, CONFIG_tls_key));
    if (certificate && key) {
        warn_of_expiry(c, certificate);
        e = X509_check_private_key(certificate, key) == 1 ? ERR_OK : ERR_INVALID;
        if (e)
            diag_add(diags, "tls_key", "mismatch",
                     "'%s' is not the key of the first certificate in '%s'",
                     config_text(c, CONFIG_tls_key), config_text(c, CONFIG_tls_cert));
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return e;
}

enum err tls_files_read(const struct config *c, struct diag_list *diags, struct tls_files *out)
{
    enum err e;

    text_init(&out->certificate, 256 * 1024);
    text_init(&out->key, 256 * 1024);
    if (!*config_text(c, CONFIG_tls_cert))
        return ERR_OK;
    e = read_file(c, CONFIG_tls_cert, "tls_cert", diags, &out->certificate);
    if (!e)
        e = read_file(c, CONFIG_tls_key, "tls_key", diags, &out->key);
    return e ? e : judge(c, out, diags);
}

void tls_files_release(struct tls_files *t)
{
    if (t->key.data)
        explicit_bzero(t->key.data, t->key.length);
    text_release(&t->certificate);
    text_release(&t->key);
}
