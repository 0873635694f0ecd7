"""nanoGPT's CPU setting for tiny Shakespeare, whole: 2000 steps, an evaluation of 20 batches of both splits every 250.

    python3 shakespeare.py THREADS INPUT.TXT

Prints one line: steps, seconds in all, milliseconds a step without evaluations, the last validation loss. The loop is nanoGPT's
train.py as its README's CPU call configures it (batch 12, context 64, 4 layers, 4 heads, width 128, no dropout, no
compilation), with fused AdamW.
"""

import math
import sys
import time

import torch

from model import CONFIGS, Gpt, adamw

STEPS, BATCH, CONTEXT, EVALUATE_EVERY, EVALUATION_BATCHES = 2000, 12, 64, 250, 20
WARM_UP, RATE, RATE_MIN = 100, 1e-3, 1e-4


def main():
    torch.set_num_threads(int(sys.argv[1]))
    torch.manual_seed(1337)
    with open(sys.argv[2], encoding="utf-8") as file:
        text = file.read()
    characters = sorted(set(text))
    ids = {character: i for i, character in enumerate(characters)}
    data = torch.tensor([ids[character] for character in text])
    cut = int(0.9 * len(data))
    splits = {"train": data[:cut], "val": data[cut:]}
    model = Gpt(CONFIGS["shakespeare-char"])
    optimizer = adamw(model, RATE)

    def batch(split):
        tokens = splits[split]
        starts = torch.randint(len(tokens) - CONTEXT, (BATCH,))
        inputs = torch.stack([tokens[i : i + CONTEXT] for i in starts])
        return inputs, torch.stack([tokens[i + 1 : i + 1 + CONTEXT] for i in starts])

    @torch.no_grad()
    def evaluate():
        return {split: sum(model(*batch(split)).item() for _ in range(EVALUATION_BATCHES)) / EVALUATION_BATCHES for split in splits}

    def rate(step):
        if step < WARM_UP:
            return RATE * (step + 1) / (WARM_UP + 1)
        return RATE_MIN + 0.5 * (1 + math.cos(math.pi * (step - WARM_UP) / (STEPS - WARM_UP))) * (RATE - RATE_MIN)

    begin, evaluating, losses = time.perf_counter(), 0.0, {}
    for step in range(STEPS + 1):
        if step % EVALUATE_EVERY == 0:
            before = time.perf_counter()
            losses = evaluate()
            evaluating += time.perf_counter() - before
        if step == STEPS:
            break
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        loss = model(*batch("train"))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    seconds = time.perf_counter() - begin
    print(f"{STEPS} steps, {seconds:.1f} s, {(seconds - evaluating) / STEPS * 1e3:.1f} ms/step, val {losses['val']:.4f}")


main()
