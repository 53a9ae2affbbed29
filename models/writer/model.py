"""A Llama: RMSNorm, rotary positions on interleaved pairs (as llama.cpp expects for architecture "llama"), SwiGLU, output tied to
the embedding."""
import math
from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass(frozen=True)
class Shape:
    vocabulary: int = 1024
    context: int = 256
    width: int = 128
    layers: int = 4
    heads: int = 4
    hidden: int = 352


class RmsNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.weight


class Block(nn.Module):
    def __init__(self, shape):
        super().__init__()
        linear = lambda inputs, outputs: nn.Linear(inputs, outputs, bias=False)
        self.heads = shape.heads
        self.attn_norm, self.ffn_norm = RmsNorm(shape.width), RmsNorm(shape.width)
        self.attn_q, self.attn_k, self.attn_v, self.attn_output = (linear(shape.width, shape.width) for _ in range(4))
        self.ffn_gate, self.ffn_up = (linear(shape.width, shape.hidden) for _ in range(2))
        self.ffn_down = linear(shape.hidden, shape.width)

    def forward(self, x, cosine, sine, mask):
        batch, length, width = x.shape
        normed = self.attn_norm(x)
        q, k, v = (part(normed).view(batch, length, self.heads, -1).transpose(1, 2)
                   for part in (self.attn_q, self.attn_k, self.attn_v))
        q, k = rotate(q, cosine, sine), rotate(k, cosine, sine)
        weights = (q @ k.transpose(-1, -2) / math.sqrt(width // self.heads) + mask).softmax(-1)
        x = x + self.attn_output((weights @ v).transpose(1, 2).reshape(batch, length, width))
        normed = self.ffn_norm(x)
        return x + self.ffn_down(F.silu(self.ffn_gate(normed)) * self.ffn_up(normed))


def rotate(x, cosine, sine):
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack([even * cosine - odd * sine, even * sine + odd * cosine], -1).flatten(-2)


class Llama(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.width)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.output_norm = RmsNorm(shape.width)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                deep = name.endswith(('attn_output.weight', 'ffn_down.weight'))
                nn.init.normal_(weight, 0, 0.02 / (math.sqrt(2 * shape.layers) if deep else 1))
        head = shape.width // shape.heads
        angle = torch.outer(torch.arange(shape.context).float(), 10000.0 ** (-torch.arange(0, head, 2).float() / head))
        self.register_buffer('cosine', angle.cos(), persistent=False)
        self.register_buffer('sine', angle.sin(), persistent=False)
        self.register_buffer('mask', torch.full((shape.context, shape.context), -1e9).triu(1), persistent=False)

    def forward(self, ids, chosen=...):
        """Of the chosen positions, all without a choice."""
        length = ids.shape[1]
        x = self.token_embd(ids)
        for block in self.blk:
            x = block(x, self.cosine[:length], self.sine[:length], self.mask[:length, :length])
        return F.linear(self.output_norm(x)[chosen], self.token_embd.weight)
