"""PyTorch's side of a comparison: prepares the named case and times samples of it, as the driver asks.

    python3 serve.py THREADS

Lines in: `prepare CASE...`, `sample SECONDS`, `memory`, `versions`. Lines out, one each: `ready`, nanoseconds of one call,
the process's peak resident MiB, one line of versions. Cases are those of bench/Idem.Bench/Peers/ComparedCase.cs.
"""

import sys
import time
from dataclasses import replace

import torch
import torch.nn.functional as F

from model import CONFIGS, Gpt, adamw


def gemm(layout: str, m: int, k: int, n: int):
    a = torch.rand(k, m).t() if layout.startswith("At") else torch.rand(m, k)
    b = torch.rand(n, k).t() if layout.endswith("Bt") else torch.rand(k, n)
    c = torch.empty(m, n)
    return lambda: torch.mm(a, b, out=c)


def gemv(kind: str, m: int, k: int, n: int):
    dtype = torch.bfloat16 if kind == "bf16" else torch.float32
    weight, x = torch.rand(n, k).to(dtype), torch.rand(m, k).to(dtype)
    return lambda: F.linear(x, weight)


def elementwise(name: str, count: int):
    x = torch.rand(count // 1024, 1024) * 8 - 4
    y, weight, bias = torch.empty_like(x), torch.ones(1024), torch.zeros(1024)
    return {
        "exp": lambda: torch.exp(x, out=y),
        "tanh": lambda: torch.tanh(x, out=y),
        "gelu-tanh": lambda: F.gelu(x, approximate="tanh"),
        "gelu-erf": lambda: F.gelu(x),
        "softmax": lambda: torch.softmax(x, -1),
        "layernorm": lambda: F.layer_norm(x, (1024,), weight, bias),
    }[name]


def layernorm_row(rows: int, width: int):
    x, weight, bias = torch.rand(rows, width), torch.ones(width), torch.zeros(width)
    return lambda: F.layer_norm(x, (width,), weight, bias)


def attention(batch: int, heads: int, length: int, size: int):
    q, k, v = (torch.rand(batch, heads, length, size) for _ in range(3))
    return lambda: F.scaled_dot_product_attention(q, k, v, is_causal=True)


def train(name: str, batch: int, length: int):
    torch.manual_seed(1)
    config = replace(CONFIGS[name], positions=length)
    model = Gpt(config)
    optimizer = adamw(model)
    ids = torch.randint(config.vocabulary, (batch, length + 1))
    clips = name == "shakespeare-char"  # as nanoGPT does

    def step():
        loss = model(ids[:, :-1], ids[:, 1:].contiguous())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if clips:
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step


def case(words: list[str]):
    numbers = [int(word) for word in words if word.isdigit()]
    kind = words[0]
    if kind in ("gemm", "gemv"):
        return (gemm if kind == "gemm" else gemv)(words[1], *numbers)
    if kind == "elementwise":
        return elementwise(words[1], *numbers)
    if kind == "train":
        return train(words[1], *numbers)
    return {"layernorm-row": layernorm_row, "attention": attention}[kind](*numbers)


def sample(action, seconds: float) -> float:
    calls, begin = 0, time.perf_counter_ns()
    while True:
        action()
        calls += 1
        elapsed = time.perf_counter_ns() - begin
        if elapsed >= seconds * 1e9:
            return elapsed / calls


def peak_resident_mib() -> int:
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM:"))


def main():
    torch.set_num_threads(int(sys.argv[1]))
    action, trains = None, False
    for line in sys.stdin:
        verb, *words = line.split()
        if verb == "prepare":
            action, trains = None, words[0] == "train"
            action = case(words)
            with torch.set_grad_enabled(trains):
                action()
                action()
            answer = "ready"
        elif verb == "sample":
            with torch.set_grad_enabled(trains):
                answer = f"{sample(action, float(words[0])):.1f}"
        elif verb == "memory":
            answer = str(peak_resident_mib())
        elif verb == "versions":
            answer = " ".join(torch.__config__.show().split())
        else:
            raise SystemExit(f"unknown request: {line!r}")
        print(answer, flush=True)


main()
