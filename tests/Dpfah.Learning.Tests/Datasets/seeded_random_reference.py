"""Reference for SeededRandom and Split, from the generators' definitions. Writes seeded_random.json beside this file.

xoshiro256**: https://prng.di.unimi.it/xoshiro256starstar.c, SplitMix64: https://prng.di.unimi.it/splitmix64.c,
bounded numbers: Lemire, "Fast random integer generation in an interval" (2019), 64-bit words.
"""
import json
import math
import pathlib

MASK = (1 << 64) - 1


def split_mix(seed):
    while True:
        seed = (seed + 0x9E3779B97F4A7C15) & MASK
        z = seed
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield z ^ (z >> 31)


def rotl(x, k):
    return ((x << k) | (x >> (64 - k))) & MASK


class Xoshiro:
    def __init__(self, seed=None, state=None):
        words = split_mix(seed) if state is None else iter(state)
        self.s = [next(words) for _ in range(4)]

    def next(self):
        s = self.s
        result = (rotl((s[1] * 5) & MASK, 7) * 9) & MASK
        t = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotl(s[3], 45)
        return result

    def below(self, bound):
        while True:
            product = self.next() * bound
            if product & MASK >= (1 << 64) % bound:
                return product >> 64

    def double(self):
        return (self.next() >> 11) / 2 ** 53

    def gaussian(self):
        radius = math.sqrt(-2 * math.log(1 - self.double()))
        return radius * math.cos(2 * math.pi * self.double())

    def shuffle(self, items):
        for i in range(len(items) - 1, 0, -1):
            j = self.below(i + 1)
            items[i], items[j] = items[j], items[i]


def split(labels, queries, train, seed):
    random = Xoshiro(seed)
    parts = [], [], []
    for label in sorted(set(labels)):
        members = [i for i, l in enumerate(labels) if l == label]
        random.shuffle(members)
        parts[0].extend(members[:queries])
        parts[1].extend(members[queries:queries + train])
        parts[2].extend(members[queries + train:])
    return [sorted(p) for p in parts]


# The authors' own test values.
assert list(x for _, x in zip(range(3), split_mix(1234567))) == [6457827717110365317, 3203168211198807973, 9817491932198370423]
authors = Xoshiro(state=[1, 2, 3, 4])
assert [authors.next() for _ in range(4)] == [11520, 0, 1509978240, 1215971899390074240]

cases = []
for seed in (0, 20220501, MASK):
    items = list(range(20))
    Xoshiro(seed).shuffle(items)
    words, numbers, doubles, gaussians = Xoshiro(seed), Xoshiro(seed), Xoshiro(seed), Xoshiro(seed)
    cases.append({
        "seed": str(seed),
        "words": [str(words.next()) for _ in range(8)],
        "below_1000": [numbers.below(1000) for _ in range(8)],
        "doubles": [doubles.double() for _ in range(8)],
        "gaussians": [gaussians.gaussian() for _ in range(8)],
        "shuffled_20": items,
    })

labels = [(7 * i + i // 5) % 3 for i in range(60)]
query, train, database = split(labels, 3, 5, 20220501)
result = {
    "random": cases,
    "split": {"labels": labels, "queries_per_class": 3, "train_per_class": 5, "seed": "20220501",
              "query": query, "train": train, "database": database},
}
pathlib.Path(__file__).with_name("seeded_random.json").write_text(json.dumps(result, indent=1) + "\n")
