/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the account's digest out of the genesis, or makes it. */
#include "server/account_hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/jnode.h"
#include "server/data_dir.h"
#include "store/log_read.h"

/* No checkpoint begins so: what is signed for the salt can be taken for nothing else. */
static const char purpose[] = "traderd account salt v1\n";

enum {
    MESSAGE_BYTES = sizeof purpose + LIMIT_NAME,
    FILE_BYTES = 512
};

static bool genesis_hash(const struct log_row *row, char hash[DIGEST_HEX])
{
    struct diag_list *diags = xcalloc(1, sizeof *diags);
    struct jnode *root = NULL;
    const struct jnode *genesis, *said = NULL;
    bool found = false;

    if (!jnode_parse(row->entry, row->length, "genesis", diags, &root)) {
        genesis = jnode_is(root, J_OBJECT) ? jnode_member(root, "genesis") : NULL;
        said = jnode_is(genesis, J_OBJECT) ? jnode_member(genesis, "account_hash") : NULL;
        found = jnode_is(said, J_STRING) && copy_text(hash, DIGEST_HEX, jnode_text(said));
    }
    jnode_free(root);
    free(diags);
    return found;
}

/* Ed25519 is deterministic: the same key makes the same salt, on a standby too. */
static void make_salt(const struct account_name *n, char salt[DIGEST_HEX])
{
    uint8_t signature[ED25519_SIGNATURE_BYTES];
    struct digest digest;
    struct text message;

    text_init(&message, MESSAGE_BYTES);
    text_string(&message, purpose);
    text_string(&message, n->account);
    ASSERT(!message.full);
    ed25519_sign(n->signer->key, message.data, message.length, signature);
    digest_of(signature, sizeof signature, &digest);
    hex_print(digest.bytes, DIGEST_BYTES, salt);
    explicit_bzero(signature, sizeof signature);
    text_release(&message);
}

static void hash_of(const char *salt, const char *account, char hash[DIGEST_HEX])
{
    struct digest digest;
    struct text t;

    text_init(&t, FILE_BYTES);
    text_format(&t, "%s\n%s", salt, account);
    digest_of(t.data, t.length, &digest);
    text_release(&t);
    hex_print(digest.bytes, DIGEST_BYTES, hash);
}

static enum err write_salt(const struct account_name *n, const char *salt, const char *hash,
                           struct diag_list *diags)
{
    char path[DATA_PATH_MAX];
    struct text t;
    bool good;
    int fd;

    data_dir_file(n->data_dir, "account.salt", path);
    text_init(&t, FILE_BYTES);
    text_format(&t,
                "salt %s\naccount %s\naccount_hash %s\n"
                "check: printf '%%s\\n%%s' SALT ACCOUNT | sha256sum\n",
                salt, n->account, hash);
    fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    good = fd >= 0 && write(fd, t.data, t.length) == (ssize_t)t.length && fsync(fd) == 0;
    if (!good)
        diag_add(diags, path, err_code(ERR_IO), "cannot write the account's salt: %s",
                 strerror(errno));
    if (fd >= 0)
        close(fd);
    text_release(&t);
    return good ? ERR_OK : ERR_IO;
}

enum err account_hash(const struct account_name *n, struct store *s, struct diag_list *diags,
                      char hash[DIGEST_HEX])
{
    char salt[DIGEST_HEX];
    struct log_row row = {.index = 0};
    enum err e = store_log_entry(s, n->account, 0, &row);
    bool is_said = !e && genesis_hash(&row, hash);

    free(row.entry);
    if (is_said)
        return ERR_OK;
    if (e && e != ERR_NOT_FOUND)
        return e;
    make_salt(n, salt);
    hash_of(salt, n->account, hash);
    e = write_salt(n, salt, hash, diags);
    explicit_bzero(salt, sizeof salt);
    return e;
}
