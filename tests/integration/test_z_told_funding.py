# SPDX-License-Identifier: Apache-2.0
"""Funding of live perpetuals: the venue's wallet is our ledger, to the last digit."""
import decimal
import json

import pytest

from daemon import wait_until
from sandbox import Sandbox
from test_z_live import begin, flatten, live_config, second_candles, start, trades, verify

STAMPS = "every 2s : funding(BTC/USDT:USDT, 0.000317)\n"


@pytest.fixture(name="venue")
def fixture_venue(folder):
    """One that lets itself be asked for its account, and its funding, every two seconds."""
    made = Sandbox("--state", folder / "venue.state", "--weight-limit", 1000000,
                   candles=second_candles(folder))
    made.start()
    yield made
    made.kill()


def wallet(venue):
    assets = venue.ok("GET", "/fapi/v3/account")["assets"]
    return next(decimal.Decimal(a["walletBalance"]) for a in assets if a["asset"] == "USDT")


def cash(daemon):
    return decimal.Decimal(daemon.api.get("/v1/account").json["cash"])


def paid(venue):
    """What the venue has paid and taken, by its ids."""
    return {str(i["tranId"]): decimal.Decimal(i["income"]) for i in
            venue.ok("GET", "/fapi/v1/income", incomeType="FUNDING_FEE", limit=1000)}


def payments(daemon):
    """The `cash` entries of the log."""
    return [json.loads(line)["cash"] for line in daemon.lines("log.jsonl") if b'"cash": {' in line]


def test_the_venue_s_wallet_is_our_ledger(make_daemon, folder, venue):
    daemon = make_daemon(live_config(folder, venue, "binance_usdm")).start()
    begun, given = wallet(venue), cash(daemon)  # nothing trades yet
    begin(daemon)
    venue.faults(STAMPS)
    for round_ in range(3):
        wait_until(lambda: len(trades(daemon)) >= 4 * (round_ + 1), 120, "trades")
        daemon.kill()
        start(daemon)
    wait_until(lambda: len(paid(venue)) >= 3, 120, "three payments")
    flatten(daemon)
    wait_until(lambda: wallet(venue) - begun == cash(daemon) - given, 60,
               "the wallet's change in cash")
    all_paid = paid(venue)
    wait_until(lambda: len(payments(daemon)) >= len(all_paid), 60, "the lines of what was booked")
    booked = [(p["venue_id"], decimal.Decimal(p["amount"])) for p in payments(daemon)]
    assert sorted(booked) == sorted(all_paid.items())
    verify(daemon)
