# SPDX-License-Identifier: Apache-2.0
"""Metrics: content negotiation, what promtool thinks, and every figure recomputed from the log."""
import csv
import math
import re
import shutil
import statistics
import subprocess
from decimal import Decimal
from itertools import pairwise

import pytest

import ledger
from daemon import wait_until

JSON = "application/json"
OPEN = "application/openmetrics-text"
TEXT = "text/plain"
PROMETHEUS_3 = ("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                "application/openmetrics-text;version=0.0.1;q=0.5,"
                "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
                "text/plain;version=0.0.4;q=0.3,*/*;q=0.2")
PROMETHEUS_2 = ("application/openmetrics-text;version=1.0.0,"
                "application/openmetrics-text;version=0.0.1;q=0.75,"
                "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
VECTORS = [
    (None, JSON), ("*/*", JSON), ("", JSON),
    ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSON),
    ("application/json, text/plain, */*", JSON),
    (PROMETHEUS_3, OPEN), (PROMETHEUS_2, OPEN),
    ("text/plain;version=0.0.4", TEXT), ("text/plain", TEXT), ("text/*", TEXT),
    ("text/plain;version=0.0.4;q=1,*/*;q=0.1", TEXT),
    ("application/openmetrics-text", OPEN), ("application/*", JSON),
    ("application/json;q=0.1, text/plain;q=0.2", TEXT), ("application/json;q=0, */*", OPEN),
    ("APPLICATION/JSON", JSON), ("this is no media type", JSON), ("text/plain;charset=utf-8", TEXT),
    ("application/openmetrics-text;version=9.9.9, */*;q=0.1", JSON),
]


@pytest.mark.parametrize("accept,kind", VECTORS)
def test_the_accept_header_decides(played, accept, kind):
    headers = {} if accept is None else {"Accept": accept}
    reply = played.anonymous.get("/metrics", headers=headers)
    assert (reply.status, reply.media_type) == (200, kind)
    assert "Accept" in reply.headers["Vary"]


@pytest.mark.parametrize("name,kind", [("json", JSON), ("openmetrics", OPEN), ("prometheus", TEXT)])
def test_the_format_parameter_wins(played, name, kind):
    reply = played.anonymous.get("/metrics", format=name, headers={"Accept": "application/xml"})
    assert (reply.status, reply.media_type) == (200, kind)


def test_an_unknown_format_is_400(played):
    assert played.anonymous.get("/metrics", format="xml").status == 400


def test_each_dialect_names_its_version_in_the_content_type(played):
    text = played.anonymous.get("/metrics", format="prometheus").headers["Content-Type"]
    assert "version=0.0.4" in text and "charset=utf-8" in text
    spec = played.anonymous.get("/metrics", format="openmetrics").headers["Content-Type"]
    assert spec.replace(" ", "") in (f"{OPEN};version=1.0.0;charset=utf-8",
                                     f"{OPEN};charset=utf-8;version=1.0.0")


def test_openmetrics_ends_with_eof_and_names_counters_without_total(played):
    text = played.anonymous.get("/metrics", format="openmetrics").text
    assert text.endswith("# EOF\n") and text.count("# EOF") == 1
    counters = re.findall(r"^# TYPE (\S+) counter$", text, re.M)
    assert counters and not [name for name in counters if name.endswith("_total")]
    for name in counters:
        assert re.search(rf"^{name}_total[ {{]", text, re.M) or f"\n{name}" not in text


def test_without_a_venue_there_is_none_to_see(played):
    assert played.api.get("/v1/venue").status == 404
    assert "traderd_venue_" not in played.anonymous.get("/metrics", format="prometheus").text


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_promtool_has_nothing_to_complain_about(played):
    played.anonymous.get("/no/such/path")
    text = played.anonymous.get("/metrics", format="prometheus").text
    done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                          capture_output=True, check=False, timeout=30)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def samples(played):
    text = played.anonymous.get("/metrics", format="prometheus").text
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
            for line in text.splitlines() if line and not line.startswith("#")}


def test_every_family_has_our_prefix(played):
    assert {re.match(r"[a-z]+_", name).group() for name in samples(played)} \
        <= {"traderd_", "process_"}


def test_the_text_says_what_the_json_says(played, api):
    text, values = samples(played), api.get("/v1/metrics").json
    states = {name: value for name, value in text.items() if name.startswith("traderd_loop_state")}
    assert [name for name, value in states.items() if value] == \
        [name for name in states if '="finished"' in name]
    assert text["traderd_open_positions"] == values["open_positions"]
    equity = [value for name, value in text.items() if name.startswith("traderd_equity_quote")]
    assert equity == [float(values["equity"])]
    assert text["traderd_realized_pnl_quote"] == float(values["current_pnl"])


def test_requests_are_counted_by_template_not_by_path(played, api):
    name = 'traderd_http_requests_total{route="/v1/trades/{id}",method="GET",code="200"}'
    trade = api.get("/v1/trades", limit=1).json["data"][0]["id"]
    before = samples(played).get(name, 0)
    api.get(f"/v1/trades/{trade}")
    # Counted when the answer is sent, which its reader may know first.
    wait_until(lambda: samples(played).get(name) == before + 1, 30, "the request to be counted")
    assert not [key for key in samples(played) if f"/v1/trades/{trade}" in key]


def test_the_scrape_and_v1_metrics_agree(played, api):
    scraped = played.anonymous.get("/metrics", format="json").json
    served = api.get("/v1/metrics").json
    for name in ("total_trades", "win_rate", "sharpe_ratio", "max_drawdown", "current_pnl"):
        assert scraped[name] == served[name]


# ---- Recomputed ----

@pytest.fixture(scope="module")
def log(played):
    return [ledger.check_line(line)[0] for line in played.lines("log.jsonl")]


@pytest.fixture(scope="module")
def metrics(played):
    return played.api.get("/v1/metrics").json


@pytest.fixture(scope="module")
def trips(log, played):
    """PnL of each closed position, in the order they closed, from the log's trades alone."""
    still_open = {row["id"] for row in played.api.pages("/v1/positions")}
    sums = {}
    for record in log:
        if "trade" in record and record["trade"]["position_id"] not in still_open:
            trade = record["trade"]
            sums[trade["position_id"]] = sums.get(trade["position_id"], 0) + Decimal(trade["pnl"])
    return list(sums.values())


def eight(value):
    return value.quantize(Decimal("1e-8"), rounding="ROUND_HALF_EVEN")


def test_counts_and_rates_are_those_of_the_trades(metrics, trips):
    wins = [pnl for pnl in trips if pnl > 0]
    losses = [pnl for pnl in trips if pnl < 0]
    assert len(wins) > 10 and len(losses) > 10
    assert (metrics["total_trades"], metrics["wins"], metrics["losses"]) == \
        (len(trips), len(wins), len(losses))
    assert metrics["win_rate"] == len(wins) / len(trips)
    assert Decimal(metrics["avg_win"]) == eight(sum(wins) / len(wins))
    assert Decimal(metrics["avg_loss"]) == eight(sum(losses) / len(losses))
    assert math.isclose(metrics["profit_factor"], sum(wins) / -sum(losses), rel_tol=1e-12)
    assert Decimal(metrics["expectancy"]) == eight(sum(trips) / len(trips))


def test_the_longest_run_of_losses(metrics, trips):
    longest = run = 0
    for pnl in trips:
        run = run + 1 if pnl < 0 else 0
        longest = max(longest, run)
    assert metrics["longest_loss_run"] == longest


def test_pnl_and_fees_are_the_sums_of_the_trades(metrics, log):
    trades = [record["trade"] for record in log if "trade" in record]
    assert Decimal(metrics["current_pnl"]) == sum(Decimal(trade["pnl"]) for trade in trades)
    assert Decimal(metrics["fees_paid"]) == sum(Decimal(trade["fee"]) for trade in trades)
    turnover = sum(Decimal(trade["price"]) * Decimal(trade["size"]) for trade in trades)
    assert abs(Decimal(metrics["turnover"]) - turnover) < Decimal("0.0001")


def test_sharpe_and_sortino_are_those_of_the_daily_equity(metrics, log):
    marks = [float(record["equity"]["equity"]) for record in log if "equity" in record]
    returns = [after / before - 1 for before, after in pairwise(marks)]
    mean, deviation = statistics.fmean(returns), statistics.stdev(returns)
    downside = math.sqrt(sum(min(r, 0) ** 2 for r in returns) / len(returns))
    year = math.sqrt(365)
    assert math.isclose(metrics["sharpe_ratio"], mean / deviation * year, rel_tol=1e-9)
    assert math.isclose(metrics["sortino_ratio"], mean / downside * year, rel_tol=1e-9)
    assert math.isclose(metrics["volatility"], deviation * year, rel_tol=1e-9)


def equity_by_candle(played, log):
    """Cash and holding valued at each candle's close: a second, independent book-keeping."""
    path = played.config["candles"][0].partition("=")[2]
    purposes, trades = {}, []
    for record in log:
        if "order" in record:
            purposes[str(record["order"]["id"])] = record["order"]["purpose"]
        if "trade" in record:
            trade = record["trade"]
            # Market orders fill at the next open, after the close at the same instant was valued.
            late = purposes[trade["order_id"]] in ("entry", "exit")
            trades.append((record["timestamp"], late, trade))
    cash, held = Decimal(log[0]["genesis"]["starting_equity"]), Decimal(0)
    for row in csv.DictReader(open(path, encoding="ascii")):
        close_ms = int(row["timestamp"]) + 300_000
        while trades and (moment(trades[0][0]), trades[0][1]) <= (close_ms, False):
            trade = trades.pop(0)[2]
            sign = 1 if trade["side"] == "buy" else -1
            value = eight(Decimal(trade["price"]) * Decimal(trade["size"]))
            held += sign * Decimal(trade["size"])
            cash -= sign * value + Decimal(trade["fee"])
        yield cash + eight(held * Decimal(row["close"]))


def moment(text):
    from datetime import datetime

    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def test_the_largest_drawdown_is_that_of_the_equity_at_every_candle(metrics, log, played):
    peak, worst, worst_abs = Decimal(10000), Decimal(0), Decimal(0)
    last = None
    for last in equity_by_candle(played, log):
        peak = max(peak, last)
        worst, worst_abs = max(worst, (peak - last) / peak), max(worst_abs, peak - last)
    assert abs(last - Decimal(metrics["equity"])) < Decimal("0.000001")
    assert abs(worst_abs - Decimal(metrics["max_drawdown_abs"])) < Decimal("0.000001")
    assert math.isclose(metrics["max_drawdown"], worst, rel_tol=1e-9)


def test_the_equity_curve_is_columns_that_fit_together(api):
    curve = api.get("/v1/metrics/equity").json
    columns = [curve[name] for name in ("timestamp", "equity", "pnl", "drawdown")]
    assert len({len(column) for column in columns}) == 1 and len(curve["equity"]) > 5
    assert curve["timestamp"] == sorted(curve["timestamp"])
    base = Decimal(curve["base_value"])
    assert base == 10000
    peak = base
    for equity, pnl, drawdown in zip(curve["equity"], curve["pnl"], curve["drawdown"]):
        assert Decimal(equity) - base == Decimal(pnl)
        peak = max(peak, Decimal(equity))
        assert math.isclose(drawdown, (peak - Decimal(equity)) / peak, abs_tol=1e-11)


def test_statistics_without_trades_are_null_with_a_reason(make_daemon):
    daemon = make_daemon({"log_format": "json"}).start()
    values = daemon.api.get("/v1/metrics").json
    assert values["total_trades"] == 0
    for name in ("win_rate", "avg_win", "avg_loss", "profit_factor", "sharpe_ratio"):
        assert values[name] is None and values[f"{name}_note"], name
    assert daemon.anonymous.get("/metrics", format="prometheus").status == 200
