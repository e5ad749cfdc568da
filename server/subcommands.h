/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands; each gets the words after its name and returns the exit status. */
#ifndef SERVER_SUBCOMMANDS_H
#define SERVER_SUBCOMMANDS_H

int subcommand_serve(int count, char **arguments);
int subcommand_check(int count, char **arguments);
int subcommand_backtest(int count, char **arguments);
int subcommand_sweep(int count, char **arguments);
int subcommand_features(int count, char **arguments);
int subcommand_verify(int count, char **arguments);
int subcommand_candles(int count, char **arguments);
int subcommand_sandbox(int count, char **arguments);
int subcommand_venue(int count, char **arguments);
int subcommand_log(int count, char **arguments);
int subcommand_token(int count, char **arguments);
int subcommand_config(int count, char **arguments);
int subcommand_migrate(int count, char **arguments);

#endif
