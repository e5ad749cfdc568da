# SPDX-License-Identifier: Apache-2.0
"""From the closed candle to the order's bytes at a venue on loopback, the intent durable in between."""
import json
import os
import subprocess

import bench

# Symbols, orders of one candle, rounds.
CASES = ((1, 1, 30), (1000, 1, 8), (1000, 100, 8))
STRATEGY = {
    "version": 1, "name": "always", "features": {"mean": "sma(close, 2)"},
    "entry": {"condition": "mean > 150", "direction": "long", "confidence": 0.9},
    "stop_loss": {"type": "pct", "value": 0.2},
    "position_sizing": {"type": "equity_pct", "value": 0.0009},
}


def make_certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-keyout", os.path.join(folder, "key.pem"), "-out", os.path.join(folder, "cert.pem"),
         "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True)


def run(symbols, orders, rounds, tls, ahead):
    with bench.folder() as folder:
        make_certificate(folder)
        path = os.path.join(folder, "strategy.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(STRATEGY, file)
        return bench.run_json(bench.program("bench_latency"), folder, path, str(symbols), str(orders),
                              str(rounds), tls, ahead, timeout=600)[0]


def measure():
    rows = []
    for symbols, orders, rounds in CASES:
        for tls, ahead in (("plain", "late"), ("plain", "ahead"), ("tls", "late"), ("tls", "ahead")):
            r = run(symbols, orders, rounds, tls, ahead)
            assert r["reused"] == 0, "an order went out on a connection that had carried something"
            rows.append((f"{symbols}, {orders}", tls, ahead, r["total_us"], r["commit_us"], r["rest_us"],
                         r["wake_us"], r["decide_us"], r["submit_us"], r["sent_us"], r["read_us"],
                         r["first_us"], r["last_us"], r["told_us"], r["bare_us"]))
    columns = ("symbols, orders", "TLS", "opened", "candle to bytes, us", "commit", "all the rest", "wake",
               "decide", "submit", "network", "read", "first order", "last order", "told", "a bare insert")
    note = ("Medians over the rounds, of the median order. All the rest is candle to bytes without the "
            "commit: wake (of the engine), decide (rules, risk, leaves), submit (all orders given to the "
            "transport), network (from there to the request's last byte in the venue's socket, by the "
            "kernel's stamp: wake-up, signature, connection, bytes). Read is what the venue, another process, "
            "then takes to wake up and read them. Told is the mean of decided_sent at "
            "/v1/metrics/latency: the commit and a part of decide. A bare insert is one row, one commit, "
            "on a connection of its own, right after each round.")
    bench.table("latency", columns, rows, note)


bench.main(measure)
