# SPDX-License-Identifier: Apache-2.0
"""The same candles give the same trades, byte for byte, however often the replay is interrupted."""
import pytest

import ledger
import world
from daemon import wait_until

COUNT = 1200


def play(make_daemon, folder, strategy=world.BUSY, **changes):
    daemon = make_daemon(world.replay_config(folder, strategy, count=COUNT, **changes))
    daemon.start().replay()
    assert daemon.stop() == 0
    return daemon


def test_a_replay_of_the_same_candles_gives_byte_identical_trades(make_daemon, folder):
    first, second = play(make_daemon, folder), play(make_daemon, folder)
    assert len(first.lines("trades.jsonl")) > 100
    assert first.lines("trades.jsonl") == second.lines("trades.jsonl")
    assert ledger.business(first.lines("log.jsonl"))[1:] == \
        ledger.business(second.lines("log.jsonl"))[1:]


def test_compressed_candles_give_the_same_trades(make_daemon, folder):
    import gzip
    import shutil

    plain = play(make_daemon, folder)
    packed = folder / "packed.csv.gz"
    with open(folder / "BTCUSDT-5m.csv", "rb") as source, gzip.open(packed, "wb") as target:
        shutil.copyfileobj(source, target)
    other = play(make_daemon, folder, candles=[f"BTC/USDT={packed}"]) if False else None
    config = {**plain.config, "candles": [f"BTC/USDT={packed}"]}
    other = make_daemon(config).start().replay()
    assert other.lines("trades.jsonl") == plain.lines("trades.jsonl")


def test_stopping_and_starting_on_the_way_changes_no_trade(make_daemon, folder):
    whole = play(make_daemon, folder)
    daemon = make_daemon(world.replay_config(folder, world.BUSY, count=COUNT,
                                             replay_speed=200000)).start()
    for cycle in (200, 500):
        daemon.start_loop()
        wait_until(lambda: daemon.loop()["cycle_count"] >= cycle, 60, f"cycle {cycle}")
        assert daemon.api.post("/v1/loop/stop", {"orders": "keep"}).status == 200
    assert daemon.stop() == 0
    daemon.start().replay()
    assert daemon.lines("trades.jsonl") == whole.lines("trades.jsonl")


def test_a_restart_of_the_daemon_on_the_way_changes_no_trade(make_daemon, folder):
    whole = play(make_daemon, folder)
    daemon = make_daemon(world.replay_config(folder, world.BUSY, count=COUNT,
                                             replay_speed=200000)).start()
    daemon.start_loop()
    for cycle in (200, 500):
        wait_until(lambda: daemon.loop()["cycle_count"] >= cycle, 60, f"cycle {cycle}")
        assert daemon.stop() == 0
        daemon.start()
    daemon.wait_loop("finished")
    assert daemon.stop() == 0
    assert daemon.lines("trades.jsonl") == whole.lines("trades.jsonl")
    assert ledger.business(daemon.lines("log.jsonl"))[1:] == \
        ledger.business(whole.lines("log.jsonl"))[1:]


def test_other_candles_give_other_trades(make_daemon, folder):
    """So that the comparisons above could fail."""
    first = play(make_daemon, folder)
    daemon = make_daemon(world.replay_config(folder, world.BUSY, count=COUNT, skip=1))
    daemon.start().replay()
    assert daemon.lines("trades.jsonl") != first.lines("trades.jsonl")


def test_the_demo_strategy_trades_on_the_shipped_candles(make_daemon, folder):
    artifact = str(world.WINNER)
    config = {**world.replay_config(folder, world.BUSY, count=6000), "strategy": artifact}
    daemon = make_daemon(config).start().replay()
    trades = [ledger.check_line(line)[0] for line in daemon.lines("trades.jsonl")]
    assert len(trades) > 20
    assert {record["strategy"] for record in trades} == {"adaptive_momentum_v3"}


def test_two_symbols_are_replayed_in_time_order(make_daemon, folder):
    from contract import ROOT

    data = ROOT / "tests/data/candles"
    artifact = world.write_json(folder / "s.json", {**world.BUSY, "symbol": None})
    strategy = {key: value for key, value in world.BUSY.items() if key != "symbol"}
    artifact = world.write_json(folder / "s.json", strategy)
    config = world.base_config(strategy=str(artifact), candles=[
        f"BTC/USDT={data / 'BTCUSDT-5m-gap.csv'}", f"ETH/USDT={data / 'ETHUSDT-5m-gap.csv'}"])
    daemon = make_daemon(config).start().replay()
    records = [ledger.check_line(line)[0] for line in daemon.lines("trades.jsonl")]
    assert {record["trade"]["symbol"] for record in records} == {"BTC/USDT", "ETH/USDT"}
    times = [record["timestamp"] for record in records]
    assert times == sorted(times)


def test_a_data_directory_does_not_take_another_recording(make_daemon, folder):
    """A replay resumes at its cursor; other candles under it must not go unnoticed."""
    daemon = play(make_daemon, folder)
    other = folder / "other"
    other.mkdir()
    daemon.configure(world.replay_config(other, world.BUSY, count=COUNT, skip=500))
    try:
        daemon.start()
    except AssertionError:
        assert b"feed" in daemon.log() or b"candles" in daemon.log()
        return
    configs = [record for record in map(ledger.check_line, daemon.lines("log.jsonl"))
               if "config" in record[0]]
    assert len(configs) == 2, "a change of the feed is a leaf of the log"


@pytest.mark.parametrize("speed", [100000])
def test_a_paced_replay_takes_the_time_it_should(make_daemon, folder, speed):
    import time

    daemon = make_daemon(world.replay_config(folder, world.HOLDER, count=1000,
                                             replay_speed=speed)).start()
    begun = time.monotonic()
    daemon.replay()
    assert 2.5 < time.monotonic() - begun < 10, "300,000 recorded seconds at 100,000 a second"
