"""Trains the writer from scratch and writes fieldnote-writer.gguf: phrases → plans and texts → tokenizer → Llama → GGUF.

    python train.py --out ../../build/writer            about 25 minutes on one core of a 2024 laptop
    python train.py --out DIR --examples mine.jsonl     with a site's own texts, see README.md

Uses CUDA where there is one. The same seeds on the same machine and library make the same file."""
import argparse
import hashlib
import json
import math
import os
import random
import tempfile
import time

import sentencepiece
import torch
import torch.distributed as distributed
import torch.multiprocessing as multiprocessing
import torch.nn.functional as F

from compose import Composer
from export import export
from model import Llama, Shape
from phrases import BUILDS, LANGUAGES, WORDS, Phrases, Voice
from plans import draw_plan, is_held_out, prompt_of
from tokenizer import load_tokenizer, prompt_line, train_tokenizer

NAME = 'fieldnote-writer.gguf'
TOKENIZER_LINES = 20_000
# Of each process.
BATCH_TOKENS = 2_500
POOL = 2_048
WARM_UP_STEPS = 40
RATES = {'matrices': 0.02, 'others': 3e-3}


class Examples:
    """Prompts and texts, made as they are needed; never one of a plan that is held out."""

    def __init__(self, seed, languages, own=()):
        self.rng, self.own = random.Random(seed), own
        self.languages = {language: Phrases(LANGUAGES[language]) for language in languages}

    def draw(self):
        if self.own and self.rng.random() < 0.3:
            voice = f'{self.rng.choice(BUILDS)} {self.rng.choice(WORDS)}'
            example = self.rng.choice(self.own)
            return prompt_line(example.get('language', 'en'), voice, example['prompt']), ' ' + example['text']
        while True:
            plan = draw_plan(self.rng)
            prompt = prompt_of(plan)
            if is_held_out(prompt):
                continue
            voice = Voice(self.rng.choice(BUILDS), self.rng.choice(WORDS), self.rng)
            language = self.rng.choice(list(self.languages))
            line = prompt_line(language, f'{voice.build} {voice.words}', prompt)
            return line, ' ' + Composer(self.languages[language], plan, voice).text()

    def batches(self, tokenizer):
        """Of texts of like length: token ids, and which of them count for the loss."""
        while True:
            rows = []
            for _ in range(POOL):
                prompt, text = (tokenizer.encode(part) for part in self.draw())
                rows.append(([1] + prompt + text + [2], len(prompt)))
            rows.sort(key=lambda row: len(row[0]))
            batches = []
            while rows:
                count = max(1, BATCH_TOKENS // len(rows[-1][0]))
                batches.append(rows[-count:])
                del rows[-count:]
            self.rng.shuffle(batches)
            yield from (padded(batch) for batch in batches)


def padded(rows):
    width = max(len(ids) for ids, _ in rows)
    ids, counts = torch.full((len(rows), width), 2), torch.zeros(len(rows), width - 1, dtype=torch.bool)
    for at, (row, prompt_length) in enumerate(rows):
        ids[at, :len(row)] = torch.tensor(row)
        counts[at, prompt_length:len(row) - 1] = True
    return ids, counts


class Muon(torch.optim.Optimizer):
    """Momentum whose update is made orthogonal (Jordan et al. 2024): half as many steps as AdamW for the matrices of a
    transformer."""

    def __init__(self, weights, lr, momentum=0.95):
        super().__init__(weights, {'lr': lr, 'momentum': momentum})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for weight in group['params']:
                state = self.state[weight]
                speed = state.setdefault('speed', torch.zeros_like(weight))
                speed.mul_(group['momentum']).add_(weight.grad)
                update = orthogonal(weight.grad + group['momentum'] * speed)
                scale = max(1, weight.shape[0] / weight.shape[1]) ** 0.5
                weight.mul_(1 - group['lr'] * 0.01).add_(update, alpha=-group['lr'] * scale)


def orthogonal(matrix, steps=5):
    """Newton-Schulz iteration towards U·Vᵀ of the singular value decomposition."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if matrix.shape[0] > matrix.shape[1] else x


def share_gradients(model):
    """The mean over all processes, which so keep the same weights."""
    if not distributed.is_initialized():
        return
    gradients = [weight.grad for weight in model.parameters()]
    together = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(together)
    parts = (together / distributed.get_world_size()).split([gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts):
        gradient.copy_(part.view_as(gradient))


def train(model, batches, steps, until, device, on_progress):
    matrices = [weight for name, weight in model.named_parameters() if weight.dim() == 2 and 'token_embd' not in name]
    others = [weight for name, weight in model.named_parameters() if weight.dim() == 1 or 'token_embd' in name]
    optimisers = [Muon(matrices, RATES['matrices']), torch.optim.AdamW(others, lr=RATES['others'], betas=(0.9, 0.95))]
    start, tokens = time.time(), 0
    for step in range(until):
        rate = min(1, (step + 1) / WARM_UP_STEPS) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))
        for optimiser, peak in zip(optimisers, RATES.values()):
            optimiser.param_groups[0]['lr'] = peak * rate
        ids, counts = (part.to(device) for part in next(batches))
        loss = F.cross_entropy(model(ids[:, :-1], counts), ids[:, 1:][counts])
        model.zero_grad()
        loss.backward()
        share_gradients(model)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser in optimisers:
            optimiser.step()
        tokens += ids.numel()
        if step % 25 == 24 or step == until - 1:
            on_progress(step + 1, loss.item(), tokens / (time.time() - start))
    return tokens


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument('--out', required=True, help='folder for the model')
    arguments.add_argument('--steps', type=int, default=2600)
    arguments.add_argument('--until', type=int, help='end after so many of them, before the rates have come down')
    arguments.add_argument('--seed', type=int, default=1)
    arguments.add_argument('--processes', type=int, default=1, help='each has a core and batches of its own')
    arguments.add_argument('--languages', default='en,de', help='of %s' % ', '.join(LANGUAGES))
    arguments.add_argument('--examples', help='JSON lines with "prompt" and "text", and "language" where it is not en')
    given = arguments.parse_args()

    given.until = given.until or given.steps
    os.makedirs(given.out, exist_ok=True)
    if given.processes == 1:
        return run(0, given, None)
    with tempfile.TemporaryDirectory() as folder:
        multiprocessing.spawn(run, (given, folder), given.processes)


def run(rank, given, folder):
    if folder is not None:
        distributed.init_process_group('gloo', f'file://{folder}/meet', rank=rank, world_size=given.processes)
    torch.manual_seed(given.seed)
    torch.set_num_threads(1)
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    own = [json.loads(line) for line in open(given.examples, encoding='utf8')] if given.examples else []

    languages = given.languages.split(',')
    source = Examples(given.seed, languages, own)
    lines = [''.join(source.draw()) for _ in range(TOKENIZER_LINES)]
    shape = Shape()
    tokenizer_model = train_tokenizer(lines, shape.vocabulary)
    tokenizer = load_tokenizer(tokenizer_model)
    model = Llama(shape).to(device)

    def progress(step, loss, rate):
        if rank > 0:
            return
        print(f'step {step} of {given.until}  loss {loss:.4f}  {rate * given.processes:.0f} tokens/s', flush=True)
        if step % 100 == 0 or step == given.until:
            export(os.path.join(given.out, NAME), model, tokenizer)

    if rank == 0:
        print(f'{sum(weight.numel() for weight in model.parameters())} parameters on {device}', flush=True)
    batches = Examples(given.seed + 1 + rank, languages, own).batches(tokenizer)
    tokens = train(model, batches, given.steps, given.until, device, progress)
    if rank == 0:
        write_card(given, model, tokens * given.processes, device)


def write_card(given, model, tokens, device):
    """What the model is and where it comes from, beside it."""
    path = os.path.join(given.out, NAME)
    card = {
        'name': 'fieldnote-writer',
        'license': 'Apache-2.0',
        'languages': given.languages.split(','),
        'file': NAME,
        'sha256': sha256(path),
        'sizeBytes': os.path.getsize(path),
        'architecture': 'llama',
        'parameters': sum(weight.numel() for weight in model.parameters()),
        'quantisation': 'Q8_0',
        'trainedOn': 'made-up plans and texts of this recipe; no text of anybody',
        'phrasesSha256': {language: Phrases(LANGUAGES[language]).sha256 for language in given.languages.split(',')},
        'examplesSha256': sha256(given.examples) if given.examples else None,
        'seed': given.seed,
        'steps': given.steps,
        'until': given.until,
        'processes': given.processes,
        'tokens': tokens,
        'device': device,
        'torch': torch.__version__,
        'sentencepiece': sentencepiece.__version__,
    }
    with open(os.path.join(given.out, 'model.json'), 'w', encoding='utf8') as out:
        out.write(json.dumps(card, indent=2) + '\n')


def sha256(path):
    with open(path, 'rb') as file:
        return hashlib.sha256(file.read()).hexdigest()


if __name__ == '__main__':
    main()
