/* SPDX-License-Identifier: Apache-2.0 */
/* The name of the algorithm that makes a log's figures, and the digest of its fixed text. */
#ifndef ENGINE_TRACK_ALGORITHM_H
#define ENGINE_TRACK_ALGORITHM_H

#include "core/base.h"

#define TRACK_ALGORITHM "tl-metrics-1"
/* SHA-256 of docs/tl-metrics-1.md, which the genesis entry quotes; a test compares them. */
#define TRACK_ALGORITHM_SHA256 "526d19a9a21b06dee4be8fa24ccf1c01cf080327f9611fbe40f67130ecaf626e"

#endif
