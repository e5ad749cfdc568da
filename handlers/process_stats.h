/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says of this process. */
#ifndef HANDLERS_PROCESS_STATS_H
#define HANDLERS_PROCESS_STATS_H

struct process_stats {
    double cpu_seconds, resident_bytes, virtual_bytes, open_fds, max_fds, threads;
};

/* Zero where the kernel does not tell. */
void process_stats_read(struct process_stats *out);

#endif
