/* SPDX-License-Identifier: Apache-2.0 */
/* The journal port in memory, with crashes on order: what the engine's tests write into.
 *
 * It is what PostgreSQL is to the daemon: the only thing that outlives an engine. */
#ifndef TESTS_SUPPORT_MEMORY_JOURNAL_H
#define TESTS_SUPPORT_MEMORY_JOURNAL_H

#include "engine/journal.h"

enum journal_fault {
    JOURNAL_FAULT_NONE,
    JOURNAL_FAULT_BEFORE, /* nothing becomes durable, ERR_DB_UNAVAILABLE */
    JOURNAL_FAULT_AFTER   /* it became durable, but the answer is ERR_DB_UNAVAILABLE */
};

struct memory_journal {
    struct account account;
    bool exists;
    struct leaf *leaves;
    size_t leaf_count, leaf_capacity;
    struct order *orders; /* newest row of each id */
    size_t order_count, order_capacity;
    struct position *positions;
    size_t position_count, position_capacity;
    struct fill *fills;
    size_t fill_count, fill_capacity;
    struct cash_move *cash;
    size_t cash_count, cash_capacity;
    struct signal *signals;
    size_t signal_count, signal_capacity;
    struct strategy_slot *slots; /* newest row of each name */
    size_t slot_count, slot_capacity;
    struct activation *activations;
    size_t activation_count, activation_capacity;
    struct ext_value *ext_values; /* newest of each name and symbol */
    size_t ext_value_count, ext_value_capacity;
    struct recovered_document *documents;
    size_t document_count, document_capacity;
    struct daily_equity daily;
    uint64_t commit_count; /* calls of commit so far */
    uint64_t fault_at;     /* the commit that goes wrong (1-based); 0: none */
    enum journal_fault fault;
    uint64_t down_for; /* further commits refused after a fault BEFORE */
    bool is_refused;   /* every commit is: the port was told so */
    int64_t epoch;     /* that a recovery tells; 0: none */
};

void memory_journal_init(struct memory_journal *j);
void memory_journal_release(struct memory_journal *j);
struct journal memory_journal_port(struct memory_journal *j);

#endif
