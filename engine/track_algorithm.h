/* SPDX-License-Identifier: Apache-2.0 */
/* The name of the algorithm that makes a log's figures, and the digest of its fixed text. */
#ifndef ENGINE_TRACK_ALGORITHM_H
#define ENGINE_TRACK_ALGORITHM_H

#include "core/base.h"

#define TRACK_ALGORITHM "tl-metrics-1"
/* SHA-256 of docs/tl-metrics-1.md, which the genesis entry quotes; a test compares them. */
#define TRACK_ALGORITHM_SHA256 "750d21d4398f3b5bf087b6db38d6bc4947f38aef4280b6267e96fdb9bd41e69b"

#endif
