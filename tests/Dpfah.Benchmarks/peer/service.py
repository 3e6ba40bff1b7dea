#!/usr/bin/env python3
"""The peer of compare-service.sh: search by picture as a team writes it in an afternoon with Flask, PyTorch and FAISS, and then tunes.

Run by gunicorn as `service:app`. The catalogue comes from the tables of the other side, the network from its model files, and the
answers are meant to be the same. Settings are environment variables:
    PEER_DATABASE       libpq connection string
    PEER_COLLECTION     name of the collection
    PEER_MODEL          folder with backbone.safetensors and head.safetensors
    PEER_TORCH_THREADS  threads of the network
    PEER_LAYOUT         nchw, nhwc or frozen (TorchScript, optimised for inference)
    PEER_BATCH          most pictures a batch; 1 for a network call a request
"""
import io
import json
import os
import queue
import struct
import threading
from concurrent.futures import Future

import faiss
import numpy as np
import psycopg2
import torch
import torchvision
from flask import Flask, Response, request
from PIL import Image

torch.set_num_threads(int(os.environ["PEER_TORCH_THREADS"]))
torch.set_grad_enabled(False)
faiss.omp_set_num_threads(1)  # queries come from many requests: a thread for each is faster than two for one
LAYOUT = os.environ.get("PEER_LAYOUT", "nhwc")
BATCH = int(os.environ.get("PEER_BATCH", "1"))
BATCH_WAIT = 0.002


def read_safetensors(path):
    """The tensors of a file, and what it says of itself."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    about = header.pop("__metadata__", {})
    types = {"F32": np.float32, "F16": np.float16, "F64": np.float64, "I64": np.int64}
    return {
        name: torch.from_numpy(
            np.frombuffer(data[slice(*one["data_offsets"])], types[one["dtype"]]).reshape(one["shape"]).astype(np.float32))
        for name, one in header.items()
    }, about


class Encoder:
    """Pictures to codes."""

    def __init__(self, folder):
        head, about = read_safetensors(os.path.join(folder, "head.safetensors"))
        preprocessing = json.loads(about["dpfah"])["preprocessing"]
        self.side = preprocessing["resize"]
        self.crop = preprocessing["crop"]
        self.mean = np.array(preprocessing["mean"], np.float32)
        self.std = np.array(preprocessing["std"], np.float32)
        network = torchvision.models.resnet18(weights=None)
        network.fc = torch.nn.Linear(512, head["hash_layer.weight"].shape[0])
        tensors, _ = read_safetensors(os.path.join(folder, "backbone.safetensors"))
        tensors["fc.weight"], tensors["fc.bias"] = head["hash_layer.weight"], head["hash_layer.bias"]
        missing = network.load_state_dict(tensors, strict=False).missing_keys
        if any(not key.endswith("num_batches_tracked") for key in missing):
            raise ValueError(f"the model lacks {missing}")
        network.eval()
        if LAYOUT == "frozen":
            example = torch.zeros(1, 3, self.crop, self.crop)
            network = torch.jit.optimize_for_inference(torch.jit.trace(network, example))
        elif LAYOUT == "nhwc":
            network = network.to(memory_format=torch.channels_last)
        self.network = network

    def prepare(self, data):
        """(3, crop, crop) of a picture file."""
        picture = Image.open(io.BytesIO(data))
        picture.draft("RGB", (self.side, self.side))  # JPEGs are decoded at a fraction of their size
        picture = picture.convert("RGB")
        scale = self.side / min(picture.size)
        picture = picture.resize([max(self.side, round(side * scale)) for side in picture.size], Image.BILINEAR)
        left, top = [(side - self.crop) // 2 for side in picture.size]
        pixels = np.asarray(picture.crop((left, top, left + self.crop, top + self.crop)), np.float32)
        return torch.from_numpy(((pixels - self.mean) / self.std).transpose(2, 0, 1).copy())

    def run(self, batch):
        """Packed codes, shape (batch, bits / 8)."""
        x = torch.stack(batch)
        if LAYOUT == "nhwc":
            x = x.contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            return np.packbits(self.network(x).numpy() >= 0, axis=1, bitorder="little")


class Batcher:
    """Gathers what many threads of requests bring into calls of the network."""

    def __init__(self, encoder):
        self.encoder = encoder
        self.waiting = queue.SimpleQueue()
        threading.Thread(target=self.work, daemon=True).start()

    def encode(self, picture):
        future = Future()
        self.waiting.put((picture, future))
        return future.result()

    def work(self):
        while True:
            batch = [self.waiting.get()]
            try:
                while len(batch) < BATCH:
                    batch.append(self.waiting.get(timeout=BATCH_WAIT))
            except queue.Empty:
                pass
            try:
                for (_, future), code in zip(batch, self.encoder.run([picture for picture, _ in batch])):
                    future.set_result(code)
            except Exception as error:
                for _, future in batch:
                    future.set_exception(error)


def read_catalogue():
    """Ids, labels and packed codes in database order."""
    ids, labels, codes = [], [], []
    with psycopg2.connect(os.environ["PEER_DATABASE"]) as connection, connection.cursor("catalogue") as cursor:
        cursor.itersize = 50000
        cursor.execute(
            "SELECT i.public_id, i.labels, c.code FROM items i JOIN collections l ON l.id = i.collection_id "
            "JOIN generations g ON g.collection_id = l.id AND g.is_active JOIN codes c ON c.generation_id = g.id AND c.item_number = i.number "
            "WHERE l.name = %s ORDER BY i.number", (os.environ["PEER_COLLECTION"],))
        for public_id, names, code in cursor:
            ids.append(public_id)
            labels.append(names)
            codes.append(bytes(code))
    return ids, labels, np.frombuffer(b"".join(codes), np.uint8).reshape(len(codes), -1)


encoder = Encoder(os.environ["PEER_MODEL"])
ids, labels, codes = read_catalogue()
index = faiss.IndexBinaryFlat(8 * codes.shape[1])
index.add(codes)
del codes
app = Flask(__name__)
batcher = None
batcher_lock = threading.Lock()


def encode(data):
    global batcher
    picture = encoder.prepare(data)
    if BATCH == 1:
        return encoder.run([picture])[0]
    if batcher is None:
        with batcher_lock:  # a thread does not survive the fork of a worker: each makes its own
            batcher = batcher or Batcher(encoder)
    return batcher.encode(picture)


def answer(code):
    distances, found = index.search(code[None], request.args.get("k", 10, type=int))
    hits = [{"id": ids[i], "distance": int(d), "labels": labels[i]} for i, d in zip(found[0], distances[0])]
    return Response(json.dumps({"query": {"code": code.tobytes().hex()}, "hits": hits}), mimetype="application/json")


@app.post("/search")
def search():
    return answer(encode(request.get_data(cache=False)))


@app.post("/search/code")
def search_code():
    return answer(np.frombuffer(bytes.fromhex(request.get_json()["code"]), np.uint8))


@app.get("/health/ready")
def ready():
    return {"status": "ready"}
