/* SPDX-License-Identifier: Apache-2.0 */
/* Names a log after its key and account. */
#include "server/log_identity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "server/data_dir.h"

enum err log_identity_open(const char *data_dir, const char *account, struct diag_list *diags,
                           struct log_identity *out)
{
    uint8_t public_key[ED25519_KEY_BYTES];
    char path[DATA_PATH_MAX], hex[9];
    struct vkey vkey;
    enum err e;

    data_dir_file(data_dir, "log.key", path);
    e = log_key_load(path, &out->signer.key);
    if (e) {
        diag_add(diags, path, "log_key", "cannot read or make the log's key: %s",
                 e == ERR_IO ? strerror(errno) : err_sentence(e));
        return e;
    }
    ed25519_public(out->signer.key, public_key);
    hex_print(public_key, 4, hex);
    snprintf(out->origin, sizeof out->origin, "traderd.local/%s/%s", hex, account);
    out->signer.origin = out->origin;
    e = vkey_make(out->origin, VKEY_ED25519, public_key, &vkey);
    if (e) {
        diag_add(diags, "account_label", err_code(e), "a log cannot be named after this label");
        return e;
    }
    vkey_print(&vkey, out->vkey);
    return ERR_OK;
}

void log_identity_close(struct log_identity *l)
{
    ed25519_key_free(l->signer.key);
    l->signer.key = NULL;
}
