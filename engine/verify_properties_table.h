/* SPDX-License-Identifier: Apache-2.0 */
/* What a verifier looks at, one row a property: PROPERTY(NAME, "key", "what holds when it passes").
 * The order is that of the report; docs/verify.md explains each and tools/verify.py has the same
 * keys.  No include guard: included several times with different meanings of PROPERTY. */
PROPERTY(SIGNATURE, "signature", "The newest checkpoint is signed by the key you gave.")
PROPERTY(TREE, "tree", "The entries are those that were signed: none changed, gone, new or moved.")
PROPERTY(CHECKPOINTS, "checkpoints", "Every earlier checkpoint is signed and is of the same history.")
PROPERTY(TILES, "tiles", "The hash tiles are those of the entries.")
PROPERTY(HISTORY, "history", "The log goes on from what was seen at the last check.")
PROPERTY(ENTRIES, "entries", "Every entry has its one canonical form, in the order of time.")
PROPERTY(LINES, "lines", "The JSONL files have the log's entries and their proofs, line by line.")
PROPERTY(ORDERS, "orders", "Every trade has an order that was logged before it, and keeps to it.")
PROPERTY(CLOSES, "closes", "Every order's end is logged and agrees with its trades.")
PROPERTY(FILLS, "fills", "No fill counts twice.")
PROPERTY(STRATEGIES, "strategies", "Only strategies that were declared before have traded.")
PROPERTY(CYCLES, "cycles", "The numbers of cycles never go back.")
PROPERTY(POSITIONS, "positions", "Reported positions, cash and equity are what the trades make.")
PROPERTY(PROFITS, "profits", "The profit of every trade follows from prices, sizes and fees.")
PROPERTY(STATEMENT, "statement", "The published figures follow from these entries, to the byte.")
PROPERTY(WITNESSES, "witnesses", "Everybody is shown this one history.")
PROPERTY(FRESHNESS, "freshness", "This is the log's newest state.")
PROPERTY(TIMES, "times", "The entries were made when they say they were.")
PROPERTY(VENUE, "venue", "The trades happened at the exchange.")
PROPERTY(ELSEWHERE, "elsewhere", "There is no other account or log with worse results.")
