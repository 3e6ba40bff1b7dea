"""Reference for PcaHashing and Itq, in NumPy, after Gong and Lazebnik (CVPR 2011). Writes itq.json beside this file.

Signs: in each principal direction the largest component is positive; the quantiser's sign of 0 is +1.
The rotation of a round is unique (polar factor), so no other convention is needed.
"""
import json
import pathlib

import numpy as np

N, FEATURES, BITS, ITERATIONS = 60, 16, 8, 20

rng = np.random.RandomState(7)
features = np.round(rng.randn(N, FEATURES) @ rng.randn(FEATURES, FEATURES) + 3 * rng.rand(FEATURES), 6)
start, upper = np.linalg.qr(rng.randn(BITS, BITS))
start = start * np.sign(np.diag(upper))

mean = features.mean(axis=0)
centred = features - mean
_, vectors = np.linalg.eigh(centred.T @ centred / N)
directions = vectors.T[::-1][:BITS]
largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, None], axis=1)
directions = directions * np.sign(largest)

projected = centred @ directions.T
rotation = start
errors = []
for _ in range(ITERATIONS):
    rotated = projected @ rotation
    signs = np.where(rotated >= 0, 1.0, -1.0)
    errors.append(((signs - rotated) ** 2).sum())
    u, _, w_transposed = np.linalg.svd(signs.T @ projected)
    rotation = w_transposed.T @ u.T
    errors.append(((signs - projected @ rotation) ** 2).sum())

weight = rotation.T @ directions
result = {
    "features": features.tolist(), "bits": BITS, "iterations": ITERATIONS, "start": start.tolist(),
    "mean": mean.tolist(), "directions": directions.tolist(), "errors": errors, "rotation": rotation.tolist(),
    "weight": weight.tolist(), "bias": (-weight @ mean).tolist(),
}
pathlib.Path(__file__).with_name("itq.json").write_text(json.dumps(result) + "\n")
