#!/usr/bin/env python3
"""The peer of the benchmark verb `training`: the same network, loss and optimizer in PyTorch.

    torch_speed.py train|encode THREADS SIDE BATCH REPEATS

Prints one line of JSON: the seconds of each repeat. Needs torch (Debian: python3-torch). Written for speed: channels-last, and for
encoding also frozen TorchScript, of which the faster is reported. The caller sets GLIBC_TUNABLES.
"""
import json
import math
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


class Pfa(nn.Module):
    def forward(self, x):
        n = x.shape[2] * x.shape[3] - 1
        d = (x - x.mean(dim=(2, 3), keepdim=True)).square()
        v = d.sum(dim=(2, 3), keepdim=True) / n
        return x + x * torch.sigmoid(d / (4 * (v + 1e-4)) + 0.5)


class Block(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.downsample = nn.Identity()
        if stride != 1 or cin != cout:
            self.downsample = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        return F.relu(self.bn2(self.conv2(y)) + self.downsample(x), inplace=True)


class Net(nn.Module):
    def __init__(self, bits, classes):
        super().__init__()
        layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1), Pfa()]
        cin = 64
        for stage, cout in enumerate([64, 128, 256, 512]):
            layers += [Block(cin, cout, 1 if stage == 0 else 2), Block(cout, cout, 1)]
            cin = cout
        self.trunk = nn.Sequential(*layers)
        self.hash_layer = nn.Linear(512, bits)
        self.class_layer = nn.Linear(512, classes)

    def forward(self, x):
        f = self.trunk(x).mean(dim=(2, 3))
        return self.hash_layer(f), self.class_layer(f)


def dpfah_loss(u, o, y, ind, bank_u, bank_y):
    f = u.clamp(-1, 1)
    bank_u[ind] = f.detach()
    bank_y[ind] = y
    theta = 0.5 * f @ bank_u.t()
    s = (y @ bank_y.t() > 0).float()
    l1 = (F.softplus(theta) - s * theta).mean()
    l2 = (F.relu(-1.1 - u) + F.relu(u - 1.1)).mean()
    l3 = -(y * F.log_softmax(o, dim=1)).sum(dim=1).mean()
    return l1 + 10 * l2 + 0.1 * l3


def timed(action, repeats):
    for _ in range(3):
        action()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return seconds


def train(side, batch, repeats, bits=48, classes=10, n=5000):
    net = Net(bits, classes).to(memory_format=torch.channels_last)
    optimizer = torch.optim.RMSprop(net.parameters(), lr=5e-5, weight_decay=1e-5)
    x = torch.randn(batch, 3, side, side).to(memory_format=torch.channels_last)
    y = F.one_hot(torch.arange(batch) % classes, classes).float()
    ind = torch.arange(batch)
    bank_u, bank_y = torch.zeros(n, bits), torch.zeros(n, classes)

    def step():
        optimizer.zero_grad(set_to_none=True)
        u, o = net(x)
        loss = dpfah_loss(u, o, y, ind, bank_u, bank_y)
        if not math.isfinite(loss.item()):
            raise SystemExit("the loss is not finite")
        loss.backward()
        optimizer.step()

    return timed(step, repeats)


def encode(side, batch, repeats):
    net = Net(48, 10).to(memory_format=torch.channels_last).eval()
    x = torch.randn(batch, 3, side, side).to(memory_format=torch.channels_last)
    with torch.inference_mode():
        plain = timed(lambda: net(x), repeats)
    with torch.no_grad():
        frozen = torch.jit.freeze(torch.jit.trace(net, x))
        traced = timed(lambda: frozen(x), repeats)
    return min(plain, traced, key=lambda s: sorted(s)[len(s) // 2])


if __name__ == "__main__":
    verb, threads, side, batch, repeats = sys.argv[1], *map(int, sys.argv[2:6])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    print(json.dumps({"seconds": {"train": train, "encode": encode}[verb](side, batch, repeats), "version": torch.__version__}))
