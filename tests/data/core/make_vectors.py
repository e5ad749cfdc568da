# SPDX-License-Identifier: Apache-2.0
"""Makes the vectors of this folder with CPython's own json, repr and integers.

Run it here to make them again; they are the same each time: python3 make_vectors.py
"""
import json
import math
import random
import struct
from fractions import Fraction

LIMIT = 10**38
rng = random.Random(20240115)


def rounded(value, mode):
    low = math.floor(value)
    if mode == "down":
        return low
    if mode == "up":
        return math.ceil(value)
    if mode == "zero":
        return math.trunc(value)
    return round(value)  # Fraction rounds half to even


def magnitude():
    kind = rng.randrange(6)
    if kind == 0:
        return rng.choice([0, 1, 2, 5, 10**12, LIMIT - 1, 2**63, 2**64, 2**64 - 1, 2**126, 5 * 10**11])
    if kind == 1:
        return rng.randrange(10 ** rng.randrange(1, 39))
    if kind == 2:
        return rng.randrange(1000) * 10 ** rng.randrange(30)
    if kind == 3:
        return min(LIMIT - 1, max(0, 2 ** rng.randrange(1, 126) + rng.randrange(-2, 3)))
    if kind == 4:
        return rng.randrange(2 ** rng.randrange(1, 126))
    return rng.randrange(10**5) * 10**10


def signed():
    value = magnitude()
    return -value if rng.randrange(2) else value


def result(value):
    return str(value) if abs(value) < LIMIT else "overflow"


def scale_line(a, b, c, mode):
    answer = "invalid" if c == 0 else result(rounded(Fraction(a * b, c), mode))
    return f"{mode} {a} {b} {c} {answer}"


MODES = ["down", "up", "zero", "half"]
with open("scale.txt", "w") as f:
    for i in range(3000):
        a, b, c = signed(), signed(), signed()
        if i % 3 == 0:
            # Near a tie: a * b = c * q + about c / 2.
            c = rng.randrange(1, 10 ** rng.randrange(1, 38)) * 2
            b = 1
            q = rng.randrange(max(1, LIMIT // c))
            a = min(LIMIT - 1, c * q + c // 2 + rng.randrange(-1, 2))
            if rng.randrange(2):
                a = -a
        if i % 50 == 1:
            c = 0
        print(scale_line(a, b, c, MODES[i % 4]), file=f)

with open("from_double.txt", "w") as f:
    values = [0.0, -0.0, 0.1, 5e-13, -5e-13, 1.5e-12, 2.5e-12, 5e-324, 1e26, 1e25, -1e26, 1.7e308,
              math.inf, -math.inf, 0.5, 2.0**-13, 3 * 2.0**-14, 9.999999999999999e25]
    for _ in range(1500):
        if rng.randrange(2):
            values.append(struct.unpack("<d", struct.pack("<Q", (rng.randrange(2) << 63) |
                          (rng.randrange(1023 - 60, 1023 + 90) << 52) | rng.randrange(2**52)))[0])
        else:
            values.append(rng.uniform(-1, 1) * 10 ** rng.randrange(-13, 27))
        if rng.randrange(4) == 0:  # odd multiples of 2^-13: exact ties at 10^-12 scale
            values.append((2 * rng.randrange(2**40) + 1) * 2.0**-13)
    for i, value in enumerate(values):
        bits = struct.unpack("<Q", struct.pack("<d", value))[0]
        for mode in MODES:
            answer = "overflow" if math.isinf(value) else result(
                rounded(Fraction(value) * 10**12, mode))
            if i < 20 or MODES[i % 4] == mode:
                print(f"{mode} {bits:016x} {answer}", file=f)

with open("to_double.txt", "w") as f:
    for _ in range(1500):
        value = signed()
        bits = struct.unpack("<Q", struct.pack("<d", Fraction(value, 10**12).__float__()))[0]
        print(f"{value} {bits:016x}", file=f)

with open("strings.txt", "w") as f:
    def emit(text):
        print(text.encode().hex() or "-", json.dumps(text), file=f)

    emit("")
    for code in [*range(0x120), 0x7FF, 0x800, 0x2028, 0xD7FF, 0xE000, 0xFFFD, 0xFFFF, 0x10000,
                 0x1F600, 0x10FFFF]:
        emit(chr(code))
    for _ in range(400):
        length = rng.randrange(40)
        pools = [range(0x20, 0x7F), range(0x80), range(0x3000), range(0xE000, 0x10000),
                 range(0x10000, 0x110000)]
        emit("".join(chr(c) for c in (rng.choice(rng.choice(pools)) for _ in range(length))
                     if not 0xD800 <= c < 0xE000))

with open("doubles.txt", "w") as f:
    doubles = [0.0, -0.0, 0.1, 67012.35, 1e-5, 1e-7, 100.0, 1e15, 1e16, 0.1 + 0.2, 1e-4, 123456789012345680.0,
               5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 9007199254740993.0]
    doubles += [2.0**e for e in range(-1074, 1024)]
    for _ in range(700):
        doubles.append(round(rng.uniform(-1, 1) * 10 ** rng.randrange(12), rng.randrange(10)))
        value = struct.unpack("<d", struct.pack("<Q", rng.randrange(2**64)))[0]
        if math.isfinite(value):
            doubles.append(value)
    for value in doubles:
        print(f"{struct.unpack('<Q', struct.pack('<d', value))[0]:016x} {value!r}", file=f)
