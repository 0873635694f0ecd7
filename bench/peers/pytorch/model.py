"""A GPT-2 in PyTorch as its users write one for speed: fused causal attention, packed q, k, v, tied head.

Nothing here is tuned against Idem: F.linear, F.layer_norm, F.gelu and F.scaled_dot_product_attention are what libtorch
optimises most. What is deliberately absent: dropout (0 on both sides) and evaluation.
"""

from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass(frozen=True)
class Config:
    vocabulary: int
    positions: int
    layers: int
    heads: int
    width: int
    bias: bool = True
    gelu: str = "tanh"


# The shapes of src/Idem/Benchmarks/TrainingCase.cs, positions aside: those are the length that is trained, on both sides.
CONFIGS = {
    "gpt2": Config(vocabulary=50257, positions=1024, layers=12, heads=12, width=768),
    "gpt2-tiny": Config(vocabulary=1200, positions=64, layers=4, heads=4, width=128),
    "shakespeare-char": Config(vocabulary=65, positions=64, layers=4, heads=4, width=128, bias=False, gelu="none"),
}


class LayerNorm(nn.Module):
    def __init__(self, width: int, bias: bool):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width)) if bias else None

    def forward(self, x):
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias, 1e-5)


class Block(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.heads, self.gelu = c.heads, c.gelu
        self.ln_1 = LayerNorm(c.width, c.bias)
        self.c_attn = nn.Linear(c.width, 3 * c.width, bias=c.bias)
        self.c_proj = nn.Linear(c.width, c.width, bias=c.bias)
        self.ln_2 = LayerNorm(c.width, c.bias)
        self.c_fc = nn.Linear(c.width, 4 * c.width, bias=c.bias)
        self.c_out = nn.Linear(4 * c.width, c.width, bias=c.bias)

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = (part.view(b, t, self.heads, c // self.heads).transpose(1, 2) for part in self.c_attn(self.ln_1(x)).split(c, dim=2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.c_proj(y.transpose(1, 2).contiguous().view(b, t, c))
        return x + self.c_out(F.gelu(self.c_fc(self.ln_2(x)), approximate=self.gelu))


class Gpt(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.wte = nn.Embedding(c.vocabulary, c.width)
        self.wpe = nn.Embedding(c.positions, c.width)
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.layers))
        self.ln_f = LayerNorm(c.width, c.bias)
        for parameter in self.parameters():
            if parameter.dim() >= 2:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, ids, targets):
        x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1]))
        for block in self.blocks:
            x = block(x)
        logits = F.linear(self.ln_f(x), self.wte.weight)
        return F.cross_entropy(logits.view(-1, logits.shape[-1]), targets.view(-1))


def adamw(model: nn.Module, lr: float = 1e-4):
    """Fused AdamW; matrices decay, vectors do not."""
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    vectors = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.95), fused=True)
