/* SPDX-License-Identifier: Apache-2.0 */
/* Reads /proc/self. */
#include "handlers/process_stats.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static double count_fds(void)
{
    DIR *d = opendir("/proc/self/fd");
    double n = 0;

    if (!d)
        return 0;
    for (const struct dirent *entry = readdir(d); entry; entry = readdir(d))
        n += entry->d_name[0] != '.';
    closedir(d);
    return n - 1; /* the one that lists them */
}

/* The number after a name such as "VmRSS:". */
static double status_value(const char *status, const char *name)
{
    const char *p = strstr(status, name);

    return p ? strtod(p + strlen(name), NULL) : 0;
}

void process_stats_read(struct process_stats *out)
{
    char status[4096] = "";
    struct rusage usage = {0};
    struct rlimit limit = {0};
    FILE *f = fopen("/proc/self/status", "re");

    if (f) {
        size_t n = fread(status, 1, sizeof status - 1, f);
        status[n] = 0;
        fclose(f);
    }
    getrusage(RUSAGE_SELF, &usage);
    getrlimit(RLIMIT_NOFILE, &limit);
    out->cpu_seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    out->resident_bytes = status_value(status, "VmRSS:") * 1024;
    out->virtual_bytes = status_value(status, "VmSize:") * 1024;
    out->threads = status_value(status, "Threads:");
    out->open_fds = count_fds();
    out->max_fds = (double)limit.rlim_cur;
}
