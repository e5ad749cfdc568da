/* SPDX-License-Identifier: Apache-2.0 */
/* Why the risk check says no, for people and for the field it is about. */
#ifndef HANDLERS_DENIALS_H
#define HANDLERS_DENIALS_H

#include "core/jwriter.h"
#include "http/request.h"

/* The list of words of enum denial bits as a member. */
void denials_view(struct jwriter *w, const char *key, unsigned denials);
/* Each as an error of the problem: its word as code, the field it is about, a sentence. */
void denials_tell(struct request *rq, unsigned denials);

#endif
