# SPDX-License-Identifier: Apache-2.0
"""Candles as freqtrade keeps them after a download: freqtrade_data.py CANDLES.csv COUNT FOLDER."""

import os
import sys

import pandas


def main():
    path, count, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    frame = pandas.read_csv(path, nrows=count)
    frame.insert(0, "date", pandas.to_datetime(frame.pop("timestamp"), unit="ms", utc=True))
    os.makedirs(folder, exist_ok=True)
    frame.to_feather(os.path.join(folder, "BTC_USDT-5m.feather"))


main()
