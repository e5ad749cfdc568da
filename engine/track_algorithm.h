/* SPDX-License-Identifier: Apache-2.0 */
/* The name of the algorithm that makes a log's figures, and the digest of its fixed text. */
#ifndef ENGINE_TRACK_ALGORITHM_H
#define ENGINE_TRACK_ALGORITHM_H

#include "core/base.h"

#define TRACK_ALGORITHM "tl-metrics-1"
/* SHA-256 of docs/tl-metrics-1.md, which the genesis entry quotes; a test compares them. */
#define TRACK_ALGORITHM_SHA256 "8d0c4e6ee0d3b7e747262cd5863c1b720d8edb8211c90357bfdba87aca982c61"

#endif
