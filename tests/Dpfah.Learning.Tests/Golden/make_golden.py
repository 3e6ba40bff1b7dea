#!/usr/bin/env python3
"""Writes the golden test vectors of this folder (float64 reference values).

    python3 make_golden.py [output_folder]        # default: the script's folder

Needs numpy, PyTorch (checked with 1.13) and, for image.json only, Pillow.  Everything is written from the formulas of the
method; there is no random number generator: inputs come from `hash_unit`, an integer hash
that any language can reproduce bit for bit.  Losses are derived by autograd, so the gradients do
not depend on hand-made derivative formulas.
"""
import json
import math
import os
import sys

import numpy as np
import torch
import torch.nn as nn

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
HERE = os.path.dirname(os.path.abspath(__file__))


# ----------------------------------------------------------------------------- helpers
def hash_unit(count, seed):
    """count doubles in [-1, 1): 32-bit mix of (index, seed), exact in every language."""
    m = np.uint64(0xFFFFFFFF)
    i = np.arange(count, dtype=np.uint64)
    h = (i * np.uint64(2654435761) + np.uint64(seed) * np.uint64(40503) + np.uint64(1)) & m
    h ^= h >> np.uint64(16)
    h = (h * np.uint64(0x45D9F3B)) & m
    h ^= h >> np.uint64(16)
    return h.astype(np.float64) / 2147483648.0 - 1.0


def tensor_of(shape, seed, scale=1.0, shift=0.0):
    n = int(np.prod(shape))
    return torch.from_numpy(hash_unit(n, seed) * scale + shift).reshape(shape)


def rnd(x):
    """Nested lists of floats with 12 significant digits."""
    if isinstance(x, torch.Tensor):
        x = x.detach().numpy()
    if isinstance(x, np.ndarray):
        x = x.tolist()
    if isinstance(x, (list, tuple)):
        return [rnd(v) for v in x]
    if isinstance(x, (int, np.integer)) and not isinstance(x, bool):
        return int(x)
    if isinstance(x, (float, np.floating)):
        v = float("%.12g" % float(x))
        return 0.0 if v == 0 else v
    return x


def write(folder, name, obj):
    path = os.path.join(folder, name)
    with open(path, "w") as f:
        json.dump(obj, f, separators=(",", ":"))
        f.write("\n")
    size = os.path.getsize(path)
    print("%-14s %7d bytes" % (name, size))
    assert size < 300_000, name


# ----------------------------------------------------------------------------- PFA
def pfa(x, lam=1e-4):
    n = max(x.shape[2] * x.shape[3] - 1, 1)
    d = (x - x.mean(dim=(2, 3), keepdim=True)) ** 2
    var = d.sum(dim=(2, 3), keepdim=True) / n
    inv_energy = d / (4 * (var + lam)) + 0.5
    return x * torch.sigmoid(inv_energy)


def pfa_closed_form_check():
    """Eq. (8) against a direct minimisation of Eq. (5), which is quadratic in (w, b)."""
    t, xs, lam = 0.9, np.array([0.1, -0.4, 0.3, 0.7]), 1e-4
    mu, var = xs.mean(), xs.var()
    a = np.array([[t * t + (xs ** 2).mean() + lam, t + mu], [t + mu, 2.0]])
    w, b = np.linalg.solve(a, np.array([t - mu, 0.0]))
    energy = (1 - w * t - b) ** 2 + ((-1 - w * xs - b) ** 2).mean() + lam * w * w
    d2 = (t - mu) ** 2
    assert abs(w - 2 * (t - mu) / (d2 + 2 * var + 2 * lam)) < 1e-12     # positive sign
    assert abs(b + 0.5 * (t + mu) * w) < 1e-12
    assert abs(energy - 4 * (var + lam) / (d2 + 2 * var + 2 * lam)) < 1e-12


def make_pfa(folder):
    pfa_closed_form_check()
    cases = []

    def add(name, x, g, keep=None, note=None, lam=1e-4):
        x = x.clone().requires_grad_(True)
        y = pfa(x, lam)
        y.backward(g)
        flat = {"input": x, "grad_output": g, "output": y, "residual_output": x + y,
                "grad_input": x.grad}
        case = {"name": name, "shape": list(x.shape), "lambda": lam}
        if note:
            case["note"] = note
        if keep is not None:
            case["indices"] = list(keep)
        for k, v in flat.items():
            v = v.detach().reshape(-1)
            case[k] = rnd(v if keep is None else v[torch.tensor(list(keep))])
        if keep is not None:
            case["output_sum"] = rnd(float(y.detach().sum()))
            case["output_abs_sum"] = rnd(float(y.detach().abs().sum()))
            case["grad_input_sum"] = rnd(float(x.grad.sum()))
        cases.append(case)

    for k, shape in enumerate([(1, 1, 2, 2), (1, 2, 1, 3), (2, 3, 5, 7), (2, 4, 4, 4)]):
        add("x".join(map(str, shape)), tensor_of(shape, 100 + k, 1.7, 0.2), tensor_of(shape, 200 + k))
    x = torch.relu(tensor_of((1, 2, 3, 3), 110, 2.0))
    x[0, 1] = 0.75
    add("relu_and_constant_channel", x, tensor_of((1, 2, 3, 3), 210),
        note="channel 1 is constant: variance 0, so lambda alone is the denominator")
    add("single_pixel", tensor_of((1, 3, 1, 1), 111), tensor_of((1, 3, 1, 1), 211),
        note="H*W = 1: n is taken as 1 instead of 0, attention is sigmoid(0.5)")
    shape = (2, 64, 8, 8)
    n = int(np.prod(shape))
    add("2x64x8x8", tensor_of(shape, 120, 1.7, 0.2), tensor_of(shape, 220), keep=range(0, n, 61),
        note="input = 1.7*hash_unit(i, 120)+0.2, grad_output = hash_unit(i, 220); listed at 'indices'")
    write(folder, "pfa.json", {
        "hash_unit": {"count": 8, "seed": 120, "values": rnd(hash_unit(8, 120))},
        "cases": cases})


# ----------------------------------------------------------------------------- losses
def softplus(x):
    return x.clamp(min=0) + torch.log1p(torch.exp(-x.abs()))


def log_cosh(x):
    a = x.abs()
    return a + torch.log1p(torch.exp(-2 * a)) - math.log(2.0)


def similar(y, z):
    return (y @ z.t() > 0).to(y.dtype)


class Bank:
    def __init__(self, n, bits, classes):
        self.u = torch.zeros(n, bits)
        self.y = torch.zeros(n, classes)

    def put(self, ind, u, y):
        self.u[ind] = u.detach()
        self.y[ind] = y

    def state(self):
        return {"U": rnd(self.u), "Y": rnd(self.y)}


def nll(theta, s):
    return softplus(theta) - s * theta


class Dpfah:
    """L = L1 + eta*L2 + zeta*L3; options as the paper leaves them open."""

    def __init__(self, n, bits, classes, eta=10.0, zeta=0.1, delta=1.1, bank=True, clamp=True,
                 multi=False):
        self.eta, self.zeta, self.delta, self.clamp, self.multi = eta, zeta, delta, clamp, multi
        self.bank = Bank(n, bits, classes) if bank else None

    def __call__(self, u, o, y, ind):
        f = u.clamp(-1, 1) if self.clamp else u
        if self.bank:
            self.bank.put(ind, f, y)
            other, oy = self.bank.u, self.bank.y
        else:
            other, oy = f, y
        l1 = nll(0.5 * f @ other.t(), similar(y, oy)).mean()
        l2 = (torch.relu(-self.delta - u) + torch.relu(u - self.delta)).mean()
        if self.multi:
            l3 = (softplus(o) - y * o).sum(dim=1).mean()
        else:
            l3 = -(y * torch.log_softmax(o, dim=1)).sum(dim=1).mean()
        return l1 + self.eta * l2 + self.zeta * l3, {"L1": l1, "L2": l2, "L3": l3}

    def state(self):
        return self.bank.state() if self.bank else {}


class Dsh:
    def __init__(self, n, bits, classes, alpha=0.1):
        self.bank, self.m, self.alpha = Bank(n, bits, classes), 2 * bits, alpha

    def __call__(self, u, o, y, ind):
        self.bank.put(ind, u, y)
        dist = ((u[:, None, :] - self.bank.u[None, :, :]) ** 2).sum(dim=2)
        s = similar(y, self.bank.y)
        pair = (s * dist / 2 + (1 - s) / 2 * (self.m - dist).clamp(min=0)).mean()
        quant = (1 - u.abs()).abs().mean()
        return pair + self.alpha * quant, {"pair": pair, "quant": quant}

    def state(self):
        return self.bank.state()


class Dhn:
    def __init__(self, n, bits, classes, alpha=0.1):
        self.bank, self.alpha = Bank(n, bits, classes), alpha

    def __call__(self, u, o, y, ind):
        self.bank.put(ind, u, y)
        pair = nll(0.5 * u @ self.bank.u.t(), similar(y, self.bank.y)).mean()
        quant = log_cosh(u.abs() - 1).mean()
        return pair + self.alpha * quant, {"pair": pair, "quant": quant}

    def state(self):
        return self.bank.state()


class HashNet:
    def __init__(self, n, bits, classes, alpha=0.1, scale=1.0):
        self.alpha, self.scale = alpha, scale

    def __call__(self, u, o, y, ind):
        v = torch.tanh(self.scale * u)
        s = similar(y, y)
        cost = nll(self.alpha * v @ v.t(), s)
        pos = cost[s > 0].mean()
        neg = cost[s == 0].mean() if bool((s == 0).any()) else torch.zeros(())
        return pos + neg, {"positive": pos, "negative": neg}

    def state(self):
        return {"scale": rnd(float(self.scale))}


class Dbdh:
    def __init__(self, n, bits, classes, alpha=0.1, p=2):
        self.bank, self.alpha, self.p = Bank(n, bits, classes), alpha, p

    def __call__(self, u, o, y, ind):
        f = u.clamp(-1, 1)
        self.bank.put(ind, f, y)
        pair = nll(0.5 * f @ self.bank.u.t(), similar(y, self.bank.y)).mean()
        m = f.mean(dim=1)
        balance = m.abs().mean() if self.p == 1 else (m * m).mean()
        return pair + self.alpha * balance, {"pair": pair, "balance": balance}

    def state(self):
        return self.bank.state()


class Dsdh:
    """Stored code and classifier updated between epochs; both are constants in the loss."""

    def __init__(self, n, bits, classes, mu=1.0, nu=1.0, eta=55.0, sweeps=10):
        self.bank = Bank(n, bits, classes)
        self.b = torch.zeros(bits, n)
        self.w = torch.zeros(bits, classes)
        self.mu, self.nu, self.eta, self.sweeps = mu, nu, eta, sweeps

    def update(self):
        y, u, b, l = self.bank.y.t(), self.bank.u.t(), self.b, self.b.shape[0]
        for _ in range(self.sweeps):
            self.w = torch.linalg.solve(b @ b.t() + self.nu / self.mu * torch.eye(l), b @ y.t())
            q = self.w @ y + self.eta / self.mu * u
            for k in range(l):
                rest = [j for j in range(l) if j != k]
                b[k] = torch.sign(q[k] - b[rest].t() @ (self.w[rest] @ self.w[k]))

    def __call__(self, u, o, y, ind):
        self.bank.put(ind, u, y)
        pair = nll(0.5 * u @ self.bank.u.t(), similar(y, self.bank.y)).mean()
        fit = ((y.t() - self.w.t() @ self.b[:, ind]) ** 2).mean()
        reg = (self.w ** 2).mean()
        return pair + self.mu * fit + self.nu * reg, {"pair": pair, "fit": fit, "reg": reg}

    def state(self):
        return {**self.bank.state(), "B": rnd(self.b), "W": rnd(self.w)}


class Dfh:
    def __init__(self, n, bits, classes, m=3.0, mu=0.1, vul=1.0, nta=1.0, eta=0.5, steps=200):
        self.bank = Bank(n, bits, classes)
        self.v = torch.zeros(bits, classes)
        self.target = bits * (2 * torch.eye(classes) - 1)
        self.m, self.mu, self.vul, self.nta, self.eta, self.steps = m, mu, vul, nta, eta, steps

    def centre_step(self, y, b):
        v, rate = self.v.clone(), 0.03
        for i in range(self.steps):
            v.requires_grad_(True)
            cost = (((v @ y.t() - b) ** 2).mean()
                    + self.vul * ((v.t() @ v - self.target) ** 2).mean()
                    + self.nta * ((v - torch.sign(v).detach()) ** 2).mean())
            g, = torch.autograd.grad(cost, v)
            if i in (149, 179):
                rate *= 0.1
            v = v.detach() - rate * g
        self.v = v

    def __call__(self, u, o, y, ind):
        self.bank.put(ind, u, y)
        b = torch.sign(self.mu * torch.sign(self.v) @ y.t() + u.detach().t())
        self.centre_step(y, b)
        s = similar(y, self.bank.y)
        theta = (0.5 * u @ self.bank.u.t()).clamp(-100, 50)
        pair = ((1 - s) * softplus(self.m + theta) + s * softplus(self.m - theta)).mean()
        quant = ((b - u.t()) ** 2).mean()
        return pair + self.eta * quant, {"pair": pair, "quant": quant}

    def state(self):
        return {**self.bank.state(), "V": rnd(self.v)}


class Idhn:
    def __init__(self, n, bits, classes, alpha=0.5, gamma=0.1, lam=0.1):
        self.bank, self.q = Bank(n, bits, classes), bits
        self.alpha, self.gamma, self.lam = alpha, gamma, lam

    def __call__(self, u, o, y, ind):
        v = u / (u.abs() + 1)
        self.bank.put(ind, v, y)
        norms = (y * y).sum(1).sqrt()[:, None] * (self.bank.y * self.bank.y).sum(1).sqrt()[None, :]
        s = (y @ self.bank.y.t()) / (norms + 1e-5)
        hard = ((s > 0.99) | (s < 0.01)).to(u.dtype)
        theta = self.alpha * v @ self.bank.u.t()
        ce = nll(theta, s)
        se = (theta + self.q - 2 * s * self.q) ** 2
        pair = (hard * ce + self.gamma * (1 - hard) * se).mean()
        quant = (v.abs() - 1).abs().mean()
        return pair + self.lam * quant, {"pair": pair, "quant": quant}

    def state(self):
        return self.bank.state()


class Lcdsh:
    def __init__(self, n, bits, classes, lam=3.0):
        self.lam = lam

    def __call__(self, u, o, y, ind):
        s = 2 * similar(y, y) - 1
        theta = (0.5 * u @ u.t()).clamp(-50, 50)
        l1 = softplus(-s * theta).mean()
        b = torch.sign(u).detach()
        l2 = ((torch.sigmoid(theta) - torch.sigmoid(0.5 * b @ b.t())) ** 2).mean()
        return l1 + self.lam * l2, {"pair": l1, "locality": l2}

    def state(self):
        return {}


METHODS = [
    ("DPFAH", Dpfah, {}), ("DPFAH_batch_pairs", Dpfah, {"bank": False}),
    ("DPFAH_no_clamp", Dpfah, {"clamp": False}),
    ("DSH", Dsh, {}), ("DHN", Dhn, {}), ("HashNet", HashNet, {}), ("DBDH", Dbdh, {}),
    ("DBDH_p1", Dbdh, {"p": 1}), ("DSDH", Dsdh, {}), ("DFH", Dfh, {}), ("IDHN", Idhn, {}),
    ("LCDSH", Lcdsh, {}),
]


def make_inputs(multi):
    """Two batches of five; sample 4 comes back in batch 2 with a new output."""
    n, bits, classes = 12, 8, 4
    batches = []
    for k, ind in enumerate([[0, 7, 4, 9, 2], [4, 1, 11, 3, 8]]):
        u = tensor_of((5, bits), 300 + k + (50 if multi else 0), 1.6)
        o = tensor_of((5, classes), 320 + k + (50 if multi else 0), 2.0)
        y = torch.zeros(5, classes)
        for row, i in enumerate(ind):
            y[row, i % 3] = 1
            if multi and i % 2 == 0:
                y[row, 3] = 1
            if multi and i % 4 == 1:
                y[row, (i + 1) % 3] = 1
        batches.append((ind, u, o, y))
    return n, bits, classes, batches


def run_method(cls, options, multi):
    n, bits, classes, batches = make_inputs(multi)
    if cls is Dpfah:
        options = {**options, "multi": multi}
    loss_of, out = cls(n, bits, classes, **options), []
    for k, (ind, u, o, y) in enumerate(batches):
        step = {}
        if cls is Dsdh:
            loss_of.update()
            step["before"] = "update_B_and_W"
        if cls is HashNet:
            loss_of.scale = math.sqrt(k + 1.0)
            step["scale"] = rnd(loss_of.scale)
        u, o = u.clone().requires_grad_(True), o.clone().requires_grad_(True)
        loss, parts = loss_of(u, o, y, ind)
        loss.backward()
        step.update(loss=rnd(float(loss)), parts={a: rnd(float(b)) for a, b in parts.items()},
                    grad_u=rnd(u.grad), grad_o=rnd(o.grad if o.grad is not None else torch.zeros_like(o)))
        out.append(step)
    return out, loss_of.state()


def make_losses(folder):
    doc = {"sets": []}
    for multi in (False, True):
        n, bits, classes, batches = make_inputs(multi)
        entry = {"name": "multi_label" if multi else "single_label", "num_train": n, "bits": bits,
                 "classes": classes,
                 "batches": [{"ind": i, "u": rnd(u), "o": rnd(o), "y": rnd(y.to(torch.int64))}
                             for i, u, o, y in batches], "methods": []}
        for name, cls, options in METHODS:
            steps, state = run_method(cls, options, multi)
            entry["methods"].append({"name": name, "options": options, "steps": steps,
                                     "state_after": state})
        doc["sets"].append(entry)
    big = torch.tensor([-800.0, -100.0, -30.0, 0.0, 30.0, 100.0, 800.0])
    doc["stable"] = {"x": rnd(big), "softplus": rnd(softplus(big)), "log_cosh": rnd(log_cosh(big))}
    write(folder, "losses.json", doc)


# ----------------------------------------------------------------------------- metrics
def average_precision(rel, k, denominator):
    """rel: 0/1 in rank order.  denominator: 'retrieved' (hits in the top k), 'min' (min(R, k))."""
    top = rel[:k]
    hits = int(top.sum())
    if hits == 0:
        return 0.0
    ranks = np.flatnonzero(top) + 1.0
    total = (np.arange(1, hits + 1) / ranks).sum()
    return total / (hits if denominator == "retrieved" else min(int(rel.sum()), k))


def tie_aware_ap(dist, rel, k=None):
    """Expected AP over all orders of equal distances; divided by min(R, k)."""
    n, total = len(dist), int(rel.sum())
    k = n if k is None else min(k, n)
    if total == 0:
        return 0.0
    acc, before, hits = 0.0, 0, 0
    for d in sorted(set(dist.tolist())):
        group = rel[dist == d]
        size, good = len(group), int(group.sum())
        for t in range(1, size + 1):
            if before + t > k:
                break
            if good:
                inside = (t - 1) * (good - 1) / (size - 1) if size > 1 else 0.0
                acc += good / size * (hits + 1 + inside) / (before + t)
        before += size
        hits += good
    return acc / min(total, k)


def evaluate(qb, ql, db, dl, ks, ns):
    l = qb.shape[1]
    dist = ((l - qb @ db.T) // 2).astype(int)
    rel = (ql @ dl.T > 0).astype(int)
    order = np.argsort(dist, axis=1, kind="stable")
    ranked = np.take_along_axis(rel, order, axis=1)
    n = db.shape[0]
    has = rel.sum(1) > 0
    q = {
        "ap_all": [average_precision(r, n, "retrieved") for r in ranked],
        "tie_aware_ap": [tie_aware_ap(d, r) for d, r in zip(dist, rel)],
    }
    out = {"per_query": {k: rnd(v) for k, v in q.items()},
           "order_query_0": order[0].tolist(), "distance": dist.tolist(),
           "map_all": float(np.mean(q["ap_all"])), "tie_aware_map": float(np.mean(q["tie_aware_ap"]))}
    for den in ("retrieved", "min"):
        out["map_at_k_" + den] = {str(k): float(np.mean([average_precision(r, k, den) for r in ranked]))
                                  for k in ks}
    out["tie_aware_map_at_k_min"] = {str(k): float(np.mean([tie_aware_ap(d, r, k)
                                                            for d, r in zip(dist, rel)])) for k in ks}
    out["precision_at_n"] = {str(k): float(ranked[:, :k].mean()) for k in ns}
    ball = dist <= 2
    count = ball.sum(1)
    prec = np.where(count > 0, (ball * rel).sum(1) / np.maximum(count, 1), 0.0)
    out["ball2_count"] = count.tolist()
    out["precision_hamming2_zero_if_empty"] = float(prec.mean())
    out["precision_hamming2_skip_empty"] = float(prec[count > 0].mean())
    by_radius = []
    for r in range(l + 1):
        inside = dist <= r
        got, good = inside.sum(1), (inside * rel).sum(1)
        p = np.where(got > 0, good / np.maximum(got, 1), 0.0)
        by_radius.append({"radius": r, "precision": rnd(float(p[has].mean())),
                          "recall": rnd(float((good[has] / rel[has].sum(1)).mean())),
                          "micro_precision": rnd(float(good.sum() / max(got.sum(), 1))),
                          "micro_recall": rnd(float(good.sum() / rel.sum()))})
    out["pr_by_radius"] = by_radius
    cum = np.cumsum(ranked[has], axis=1)
    pos = np.arange(1, n + 1)
    out["pr_by_rank"] = {"precision": rnd((cum / pos).mean(0)),
                         "recall": rnd((cum / cum[:, -1:]).mean(0))}
    return {k: (rnd(v) if isinstance(v, float) else
                {a: rnd(b) for a, b in v.items()} if k.startswith(("map", "tie", "prec")) else v)
            for k, v in out.items()}


def tie_check():
    from itertools import permutations
    dist, rel = np.array([0, 1, 1, 1, 2, 2]), np.array([0, 1, 0, 1, 1, 0])
    for k in (None, 3, 4):
        acc = []
        for p in permutations(range(6)):
            if all(dist[p[i]] <= dist[p[i + 1]] for i in range(5)):
                r = rel[list(p)]
                acc.append(average_precision(r, 6 if k is None else k, "min"))
        assert abs(np.mean(acc) - tie_aware_ap(dist, rel, k)) < 1e-12


def make_metrics(folder):
    tie_check()
    cases = []
    for name, bits, nq, nd, classes, multi, seed in [
            ("single_label_many_ties", 6, 8, 60, 4, False, 400),
            ("multi_label", 12, 6, 80, 5, True, 420)]:
        base = np.where(hash_unit(classes * bits, seed).reshape(classes, bits) >= 0, 1, -1)

        def make(count, s, even=None):
            lab = np.zeros((count, classes), dtype=int)
            first = (np.arange(count) % even if even else
                     ((hash_unit(count, s) + 1) / 2 * classes).astype(int))
            lab[np.arange(count), first] = 1
            if multi:
                lab[hash_unit(count * classes, s + 1).reshape(count, classes) > 0.6] = 1
            noise = hash_unit(count * bits, s + 2).reshape(count, bits)
            return np.where(noise > 0.6, -base[first], base[first]), lab

        qb, ql = make(nq, seed + 10, classes - 1)
        db, dl = make(nd, seed + 14)
        ql[-1] = 0
        if not multi:
            ql[-1, classes - 1] = 1
            dl[:, classes - 1] = 0          # last query has no relevant item
        else:
            ql[-1, 0] = 1
            qb[-1] = -np.sign(db.sum(0) + 0.5).astype(int)   # far from most of the database
        cases.append({"name": name, "bits": bits, "query_codes": qb.tolist(), "query_labels": ql.tolist(),
                      "database_codes": db.tolist(), "database_labels": dl.tolist(),
                      "expected": evaluate(qb, ql, db, dl, [1, 5, 10, 20, nd], [1, 5, 10, 20, 50])})
    write(folder, "metrics.json", {"cases": cases})


# ----------------------------------------------------------------------------- ResNet18 + PFA
class Block(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.downsample = None
        if stride != 1 or cin != cout:
            self.downsample = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False),
                                            nn.BatchNorm2d(cout))

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class Net(nn.Module):
    def __init__(self, bits, classes, attention=True):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        cin = 64
        for k, cout in enumerate([64, 128, 256, 512], 1):
            setattr(self, "layer%d" % k, nn.Sequential(Block(cin, cout, 1 if k == 1 else 2),
                                                       Block(cout, cout, 1)))
            cin = cout
        self.hash_layer = nn.Linear(512, bits)
        self.class_layer = nn.Linear(512, classes)
        self.attention = attention

    def forward(self, x, trace=None):
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        if trace is not None:
            trace["maxpool"] = x
        if self.attention:
            x = x + pfa(x)
        if trace is not None:
            trace["pfa_sum"] = x
        for k in range(1, 5):
            x = getattr(self, "layer%d" % k)(x)
            if trace is not None:
                trace["layer%d" % k] = x
        f = x.mean(dim=(2, 3))
        return f, self.hash_layer(f), self.class_layer(f)


def fill(net):
    table = []
    for k, (name, p) in enumerate(net.named_parameters()):
        v = tensor_of(p.shape, k)
        if p.dim() >= 2:
            fan_in = int(np.prod(p.shape[1:]))
            value, rule = 2.0 * v / math.sqrt(fan_in), "weight"
        elif name.endswith("weight"):
            value, rule = 1.0 + 0.2 * v, "bn_weight"
        else:
            value, rule = 0.1 * v, "bias"
        p.data.copy_(value)
        table.append({"index": k, "name": name, "shape": list(p.shape), "rule": rule})
    stats = []
    k = 0
    for name, m in net.named_modules():
        if isinstance(m, nn.BatchNorm2d):
            m.running_mean.copy_(0.1 * tensor_of(m.running_mean.shape, 1000 + 2 * k))
            m.running_var.copy_(1.0 + 0.3 * tensor_of(m.running_var.shape, 1001 + 2 * k))
            stats.append({"index": k, "name": name})
            k += 1
    return table, stats


def digest(t):
    t = t.detach()
    return {"shape": list(t.shape), "sum": rnd(float(t.sum())), "abs_sum": rnd(float(t.abs().sum())),
            "first8": rnd(t.reshape(-1)[:8])}


def make_resnet(folder):
    bits, classes = 16, 10
    x = tensor_of((2, 3, 64, 64), 500, 2.0)
    doc = {"bits": bits, "classes": classes,
           "input": {"shape": [2, 3, 64, 64], "rule": "2*hash_unit(i, 500)", "first4": rnd(x.reshape(-1)[:4])},
           "rules": {
               "weight": "2*hash_unit(i, index)/sqrt(fan_in), fan_in = product of all dimensions but the first",
               "bn_weight": "1 + 0.2*hash_unit(i, index)", "bias": "0.1*hash_unit(i, index)",
               "running_mean": "0.1*hash_unit(i, 1000 + 2*bn_index)",
               "running_var": "1 + 0.3*hash_unit(i, 1001 + 2*bn_index)"}}

    def run(attention, training):
        net = Net(bits, classes, attention)
        table, stats = fill(net)
        doc["parameters"], doc["batch_norms"] = table, stats
        net.train(training)
        trace = {}
        feat, u, o = net(x, trace)
        out = {"feature_first16": rnd(feat[:, :16]), "feature_sum": rnd(feat.sum(dim=1)),
               "hash": rnd(u), "logits": rnd(o), "trace": {k: digest(v) for k, v in trace.items()}}
        if training:
            y = torch.zeros(2, classes)
            y[0, 3] = y[1, 7] = 1
            loss, parts = Dpfah(4, bits, classes)(u, o, y, [2, 0])
            loss.backward()
            named = dict(net.named_parameters())
            out["dpfah"] = {"num_train": 4, "ind": [2, 0], "labels": [3, 7], "loss": rnd(float(loss)),
                            "parts": {k: rnd(float(v)) for k, v in parts.items()},
                            "grads": {k: digest(named[k].grad) for k in [
                                "conv1.weight", "bn1.weight", "layer1.0.conv1.weight",
                                "layer2.0.downsample.0.weight", "layer4.1.conv2.weight",
                                "hash_layer.weight", "hash_layer.bias", "class_layer.weight",
                                "class_layer.bias"]}}
            out["running_stats_after"] = {k: digest(dict(net.named_buffers())[k]) for k in [
                "bn1.running_mean", "bn1.running_var", "layer4.1.bn2.running_mean",
                "layer4.1.bn2.running_var"]}
        return out

    doc["eval"] = run(True, False)
    doc["train"] = run(True, True)
    doc["eval_without_pfa"] = run(False, False)
    del doc["eval_without_pfa"]["trace"]
    write(folder, "resnet.json", doc)


# ----------------------------------------------------------------------------- optimizer
def make_optim(folder):
    cases = []
    for name, kw in [("rmsprop_default", {"lr": 5e-5, "weight_decay": 1e-5}),
                     ("rmsprop_large_lr", {"lr": 0.05, "weight_decay": 0.1})]:
        p = nn.Parameter(tensor_of((6,), 600))
        opt = torch.optim.RMSprop([p], **kw)
        case = {"name": name, **kw, "alpha": 0.99, "eps": 1e-8, "momentum": 0, "centered": False,
                "initial": rnd(p), "steps": []}
        for k in range(3):
            g = tensor_of((6,), 610 + k, 10.0 ** (k - 1))
            if k == 1:
                g[2] = 0.0
            p.grad = g.clone()
            opt.step()
            case["steps"].append({"grad": rnd(g), "value": rnd(p), "square_avg": rnd(opt.state[p]["square_avg"])})
        cases.append(case)
    write(folder, "optim.json", {"cases": cases})


# ----------------------------------------------------------------------------- image pipeline
def make_image(folder):
    """Resize (shorter side, Pillow bilinear with antialias), centre crop, scale, normalise."""
    from PIL import Image
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    cases = []
    for name, w, h, size, crop, seed in [("shrink_landscape", 26, 19, 8, 6, 700),
                                         ("shrink_portrait", 15, 22, 9, 7, 701),
                                         ("enlarge", 5, 4, 9, 8, 702), ("cifar_like", 8, 8, 28, 28, 703)]:
        pix = np.floor((hash_unit(h * w * 3, seed) + 1) * 128).astype(np.uint8).reshape(h, w, 3)
        nw, nh = (size, int(size * h / w)) if w <= h else (int(size * w / h), size)
        small = np.asarray(Image.fromarray(pix).resize((nw, nh), Image.BILINEAR))
        top, left = int(round((nh - crop) / 2.0)), int(round((nw - crop) / 2.0))
        cut = small[top:top + crop, left:left + crop]
        cases.append({"name": name, "width": w, "height": h, "resize": size, "crop": crop,
                      "pixels_hwc": pix.reshape(-1).tolist(), "resized_width": nw, "resized_height": nh,
                      "resized_hwc": small.reshape(-1).tolist(), "crop_top": top, "crop_left": left,
                      "normalized_chw": [float("%.7g" % v) for v in
                                         ((cut / 255.0 - mean) / std).transpose(2, 0, 1).reshape(-1)]})
    write(folder, "image.json", {"cases": cases})


if __name__ == "__main__":
    target = sys.argv[1] if len(sys.argv) > 1 else HERE
    os.makedirs(target, exist_ok=True)
    make_pfa(target)
    make_losses(target)
    make_metrics(target)
    make_resnet(target)
    make_optim(target)
    make_image(target)
