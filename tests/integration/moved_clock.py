# SPDX-License-Identifier: Apache-2.0
"""A clock that several processes share and a test moves on: tests/integration/moved_clock.c."""
import mmap
import struct
import subprocess
import time
from pathlib import Path


class MovedClock:
    """Its wall clock begins at an instant; both clocks go on by themselves between jumps."""

    def __init__(self, folder, begins_s):
        self.library = folder / "moved_clock.so"
        done = subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-D_GNU_SOURCE", "-o", self.library,
                               Path(__file__).with_suffix(".c")], check=False, capture_output=True,
                              text=True)
        assert done.returncode == 0, done.stderr
        self.path = folder / "moved_clock"
        self.begin_us = int((begins_s - time.time()) * 1e6)
        self.jumped_us = 0
        self.path.write_bytes(struct.pack("=qq", self.begin_us, 0))
        with self.path.open("r+b") as file:
            self.map = mmap.mmap(file.fileno(), 16)

    @property
    def environment(self):
        """For the processes that are to go by it."""
        return {"LD_PRELOAD": str(self.library), "MOVED_CLOCK": str(self.path)}

    def now(self):
        """Its wall clock, in seconds."""
        return time.time() + (self.begin_us + self.jumped_us) / 1e6

    def jump_to(self, at_s):
        """Moves both clocks on to this instant of the wall clock; never back."""
        self.jumped_us += max(0, int((at_s - self.now()) * 1e6))
        self.map[8:16] = struct.pack("=q", self.jumped_us)
