# SPDX-License-Identifier: Apache-2.0
"""The same candles give the same trades, byte for byte, however often the replay is interrupted."""
import gzip
import time

import ledger
import world
from contract import ROOT
from daemon import wait_until


def paced(make_daemon, folder):
    """A replay of the undisturbed one's candles, slow enough to be interrupted."""
    config = world.replay_config(folder, world.BUSY, count=world.LONG, replay_speed=200000)
    return make_daemon(config).start()


def reach(daemon, cycle):
    wait_until(lambda: daemon.loop()["cycle_count"] >= cycle, 60, f"cycle {cycle}")


def finish_and_compare(daemon, undisturbed):
    daemon.wait_loop("finished")
    assert daemon.stop() == 0
    ledger.assert_same_trading(daemon, undisturbed)


def test_a_replay_of_the_same_candles_gives_byte_identical_trades(
        make_daemon, folder, undisturbed):
    assert len(undisturbed["trades.jsonl"]) > 300
    daemon = make_daemon(world.replay_config(folder, world.BUSY, count=world.LONG)).start()
    daemon.start_loop()
    finish_and_compare(daemon, undisturbed)


def test_compressed_candles_give_the_same_trades(make_daemon, folder, undisturbed):
    config = world.replay_config(folder, world.BUSY, count=world.LONG)
    packed = folder / "packed.csv.gz"
    packed.write_bytes(gzip.compress((folder / "BTCUSDT-5m.csv").read_bytes()))
    daemon = make_daemon({**config, "candles": [f"BTC/USDT={packed}"]}).start()
    daemon.start_loop()
    finish_and_compare(daemon, undisturbed)


def test_stopping_and_starting_on_the_way_changes_no_trade(make_daemon, folder, undisturbed):
    daemon = paced(make_daemon, folder)
    for cycle in (200, 500):
        daemon.start_loop()
        reach(daemon, cycle)
        assert daemon.api.post("/v1/loop/stop", {"orders": "keep"}).status == 200
    daemon.start_loop()
    finish_and_compare(daemon, undisturbed)


def test_a_restart_of_the_daemon_on_the_way_changes_no_trade(make_daemon, folder, undisturbed):
    daemon = paced(make_daemon, folder)
    daemon.start_loop()
    for cycle in (200, 500):
        reach(daemon, cycle)
        assert daemon.stop() == 0
        daemon.start()
    finish_and_compare(daemon, undisturbed)


def test_other_candles_give_other_trades(make_daemon, folder, undisturbed):
    """So that the comparisons above could fail."""
    daemon = make_daemon(world.replay_config(folder, world.BUSY, count=300, skip=1))
    daemon.start().replay()
    assert daemon.lines("trades.jsonl")[:50] != undisturbed["trades.jsonl"][:50]


def test_the_demo_strategy_trades_on_the_shipped_candles(make_daemon, folder):
    config = world.replay_config(folder, world.BUSY, count=6000)
    daemon = make_daemon({**config, "strategy": str(world.WINNER)}).start().replay()
    trades = [ledger.check_line(line)[0] for line in daemon.lines("trades.jsonl")]
    assert len(trades) > 20
    assert {record["strategy"] for record in trades} == {"adaptive_momentum_v3"}


def test_two_symbols_are_replayed_in_time_order(make_daemon, folder):
    data = ROOT / "tests/data/candles"
    strategy = {key: value for key, value in world.BUSY.items() if key != "symbol"}
    artifact = world.write_json(folder / "s.json", strategy)
    config = world.base_config(strategy=str(artifact), candles=[
        f"BTC/USDT={data / 'BTCUSDT-5m-gap.csv'}", f"ETH/USDT={data / 'ETHUSDT-5m-gap.csv'}"])
    daemon = make_daemon(config).start().replay()
    records = [ledger.check_line(line)[0] for line in daemon.lines("trades.jsonl")]
    assert {record["trade"]["symbol"] for record in records} == {"BTC/USDT", "ETH/USDT"}
    times = [record["timestamp"] for record in records]
    assert times == sorted(times)


def test_another_recording_under_a_resumed_log_does_not_go_unnoticed(make_daemon, folder):
    daemon = make_daemon(world.replay_config(folder, world.BUSY, count=200)).start().replay()
    assert daemon.stop() == 0
    other = folder / "other"
    other.mkdir()
    daemon.configure(world.replay_config(other, world.BUSY, count=200, skip=100))
    try:
        daemon.start()
    except AssertionError:
        assert b"feed" in daemon.log() or b"candles" in daemon.log()
        return
    assert daemon.stop() == 0  # so that the file has all
    records = [ledger.check_line(line)[0] for line in daemon.lines("log.jsonl")]
    assert sum("config" in record for record in records) == 2, "the change is a leaf of the log"


def test_a_paced_replay_takes_the_time_it_should(make_daemon, folder):
    daemon = make_daemon(world.replay_config(folder, world.HOLDER, count=1000,
                                             replay_speed=100000)).start()
    begun = time.monotonic()
    daemon.replay()
    assert 2.5 < time.monotonic() - begun < 60, "300,000 recorded seconds at 100,000 a second"
