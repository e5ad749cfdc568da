/* SPDX-License-Identifier: Apache-2.0 */
/* Where an engine begins: a new account's genesis, or the journal's truth brought back to life.
 *
 * Start-up is recovery: the feed is told again up to the cursor (features warm up, the simulated
 * venue learns the prices), live orders go back to the venue, and the step that was under way goes
 * on.  The same candles then give the same leaves as if nothing had happened. */
#ifndef ENGINE_RECOVERY_H
#define ENGINE_RECOVERY_H

#include "engine/state.h"

MUST_USE enum err recovery_begin(struct engine_state *s, struct diag_list *diags);

#endif
