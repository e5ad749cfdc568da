# SPDX-License-Identifier: Apache-2.0
"""Funding of live perpetuals: the venue's wallet is our ledger, to the last digit."""
import decimal
import json

import pytest

from daemon import wait_until
from sandbox import Sandbox
from test_z_live import flatten, live_config, second_candles, start, trades, verify

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


def payments(daemon):
    """The `cash` entries of the log."""
    lines = (daemon.data / "log.jsonl").read_text().splitlines()
    return [json.loads(line)["cash"] for line in lines if '"cash": {' in line]


def test_the_venue_s_wallet_is_our_ledger(make_daemon, folder, venue):
    daemon = make_daemon(live_config(folder, venue, "binance_usdm"))
    begun = wallet(venue)
    start(daemon)
    given = cash(daemon)
    venue.faults(STAMPS)
    for round_ in range(3):
        wait_until(lambda: len(trades(daemon)) >= 4 * (round_ + 1), 120, "trades")
        daemon.kill()
        start(daemon)
    flatten(daemon)
    paid = {str(i["tranId"]): decimal.Decimal(i["income"]) for i in
            venue.ok("GET", "/fapi/v1/income", incomeType="FUNDING_FEE", limit=1000)}
    assert len(paid) >= 3
    wait_until(lambda: wallet(venue) - begun == cash(daemon) - given, 60,
               "the wallet's change in cash")
    booked = [(p["venue_id"], decimal.Decimal(p["amount"])) for p in payments(daemon)]
    assert sorted(booked) == sorted(paid.items())
    verify(daemon)
