/* SPDX-License-Identifier: Apache-2.0 */
/* /version, /openapi.json and /v1/whoami: what this program is, and who asks. */
#include "handlers/handlers.h"
#include "handlers/view.h"
#include "http/query.h"
#include "http/respond.h"

/* GET /version */
enum err meta_version(struct request *rq)
{
    struct handlers *h = handlers_of(rq);
    struct jwriter w;
    struct text body;
    enum err e = query_parse(rq, NULL, 0);

    if (e)
        return e;
    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    jw_object(&w);
    jw_member_text(&w, "version", h->version);
    jw_member_text(&w, "revision", h->revision);
    jw_member_text(&w, "built_at", h->built_at);
    jw_member_text(&w, "api", "v1");
    jw_object_end(&w);
    return respond_take(rq, 200, MEDIA_JSON, &body);
}

/* GET /openapi.json: the contract that was built in. */
enum err meta_openapi(struct request *rq)
{
    struct handlers *h = handlers_of(rq);
    enum err e = query_parse(rq, NULL, 0);

    if (e)
        return e;
    respond_header(rq, "ETag", "%s", h->openapi_etag);
    respond_header(rq, "Cache-Control", "%s", "no-cache");
    if (respond_matches(rq, h->openapi_etag))
        return respond_empty(rq, 304);
    return respond_shared(rq, 200, MEDIA_JSON, h->openapi, h->openapi_length, NULL, NULL);
}

/* GET /v1/whoami: the token that asks. */
enum err whoami_get(struct request *rq)
{
    struct handlers *h = handlers_of(rq);
    struct jwriter w;
    struct text body;
    enum err e = query_parse(rq, NULL, 0);

    if (e)
        return e;
    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    jw_object(&w);
    jw_member_text(&w, "token_id", rq->principal.id);
    jw_member_text(&w, "name", rq->principal.name);
    jw_member_text(&w, "role", role_name((enum role)rq->principal.role));
    jw_member_time(&w, "expires_at", rq->principal.expires_us);
    if (h->rate_limit > 0)
        jw_member_integer(&w, "rate_limit", h->rate_limit);
    else
        jw_member_null(&w, "rate_limit");
    jw_object_end(&w);
    return respond_take(rq, 200, MEDIA_JSON, &body);
}
