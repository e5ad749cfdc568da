/* SPDX-License-Identifier: Apache-2.0 */
/* traderd's entry: finds the subcommand and leaves the rest to it. */
#include <stdio.h>
#include <string.h>

#include "build_info.h"
#include "core/base.h"
#include "server/options.h"
#include "server/subcommands.h"

static const char usage[] =
    "traderd: a trading daemon\n"
    "\n"
    "  traderd serve    [--config FILE] [--data DIR] [--listen HOST:PORT]   run the daemon\n"
    "  traderd check    [--json] FILE... | --schema           validate strategy artifacts\n"
    "  traderd check    FILE --candles [SYMBOL=]FILE...       does it look ahead, is it warm\n"
    "  traderd backtest --strategy FILE... --candles [SYMBOL=]FILE... [--json]  past trades\n"
    "  traderd sweep    --strategy FILE --candles FILE... --set NAME=A..B:STEP...  best params\n"
    "  traderd features --strategy FILE --candles [SYMBOL=]FILE...          features as CSV\n"
    "  traderd verify   PATH|URL --key VKEY [--json]         check a track record offline\n"
    "  traderd candles  import | gaps | show | export | download ...  recordings\n"
    "  traderd sandbox  --candles [SYMBOL=]FILE... [--speed X] [--faults FILE]  a venue to try\n"
    "  traderd venue    check [--config FILE]    is the venue reachable, is the key right\n"
    "  traderd log      import FILE    entries that an older database lacks, from log.jsonl\n"
    "  traderd log      rotate-key     the key that signs the log from the next start on\n"
    "  traderd token    create --name NAME --role ROLE | list | revoke ID\n"
    "  traderd config   check | show | schema [--config FILE]\n"
    "  traderd migrate  [--status] [--config FILE] [--data DIR]\n"
    "  traderd version\n"
    "  traderd help\n"
    "\n"
    "Settings come from the file, then from TRADERD_* variables and DATABASE_URL, then from\n"
    "options.  Exit status: 0 done, 1 failed, 2 wrong usage or input.\n";

static int help(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    fputs(usage, stdout);
    return EXIT_DONE;
}

static int version(int count, char **arguments)
{
    size_t words;

    if (!options_parse(count, arguments, NULL, 0, NULL, 0, &words))
        return EXIT_USAGE;
    printf("traderd %s (%s, %s)\n", TRADERD_VERSION, TRADERD_REVISION, TRADERD_BUILT_AT);
    return EXIT_DONE;
}

static const struct {
    const char *name;
    int (*run)(int count, char **arguments);
} subcommands[] = {
    {"serve", subcommand_serve},
    {"check", subcommand_check},
    {"backtest", subcommand_backtest},
    {"sweep", subcommand_sweep},
    {"features", subcommand_features},
    {"verify", subcommand_verify},
    {"candles", subcommand_candles},
    {"sandbox", subcommand_sandbox},
    {"venue", subcommand_venue},
    {"token", subcommand_token},
    {"log", subcommand_log},
    {"config", subcommand_config},
    {"migrate", subcommand_migrate},
    {"version", version},
    {"--version", version},
    {"help", help},
    {"--help", help},
    {"-h", help},
};

/* Whoever asks for help gets it, whatever else the command line says. */
static bool asks_for_help(int count, char **arguments)
{
    for (int i = 0; i < count; i++)
        if (strcmp(arguments[i], "--help") == 0 || strcmp(arguments[i], "-h") == 0)
            return true;
    return false;
}

int main(int count, char **arguments)
{
    if (count < 2) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < COUNT_OF(subcommands); i++) {
        if (strcmp(arguments[1], subcommands[i].name) != 0)
            continue;
        if (asks_for_help(count - 2, arguments + 2))
            return help(0, NULL);
        return subcommands[i].run(count - 2, arguments + 2);
    }
    fprintf(stderr, "traderd: unknown command '%s'; see `traderd help`\n", arguments[1]);
    return EXIT_USAGE;
}
