/* SPDX-License-Identifier: Apache-2.0 */
/* openapi/openapi.yaml as JSON, as the build put it into the binary. */
#ifndef SERVER_OPENAPI_EMBEDDED_H
#define SERVER_OPENAPI_EMBEDDED_H

#include <stddef.h>

extern const char embedded_openapi_json[];
extern const size_t embedded_openapi_json_length;

#endif
