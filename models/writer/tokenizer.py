"""A SentencePiece BPE vocabulary in which every slot, with the space or the bracket before it, is one token.
llama.cpp's "llama" tokeniser merges BPE pieces by score, so it cuts a prompt exactly as SentencePiece does."""
import io

import sentencepiece

SPACE = '\u2581'
FACTS, TEXT = '<|facts|>', '<|text|>'
ALONE = ['ASSET', 'SINCE', 'LASTED', 'NTH', 'EPISODES', 'END', 'MORE', 'LABEL', 'CHANCE', 'SCORE', 'PEAK', 'LIMIT',
         'BEARING', 'TIMES', 'JUMP', 'BOUND', 'COUNT', 'REPEAT']
PER_CHANNEL = ['NAME', 'VALUE', 'NORMAL', 'CHANGE', 'WORST', 'SINCE', 'LASTED']
SLOTS = ALONE + [f'{name}{number}' for number in (1, 2, 3) for name in PER_CHANNEL]
IN_BRACKETS = [slot for slot in SLOTS if slot.startswith(('LASTED', 'CHANGE', 'CHANCE', 'NORMAL'))]
# How a channel is, with its number: the model looks it up as it looks up the slots of that channel.
STATES = [f'{word}{number}' for number in (1, 2, 3)
          for word in ('above', 'below', 'normal', 'rose', 'fell', 'also', 'just', 'worst', 'before')]
SYMBOLS = [FACTS, TEXT] + [f'{SPACE}{state}' for state in STATES] + [f'{SPACE}@{slot}' for slot in SLOTS] + [f'{SPACE}(@{slot}' for slot in IN_BRACKETS]


def prompt_line(language, voice, prompt):
    return f'{FACTS} {language} {voice} {prompt}{TEXT}'


def train_tokenizer(lines, size):
    """The model file as bytes; the same lines give the same file."""
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=out, vocab_size=size, model_type='bpe', byte_fallback=True,
        character_coverage=1.0, user_defined_symbols=SYMBOLS, unk_id=0, bos_id=1, eos_id=2, pad_id=-1, num_threads=1,
        normalization_rule_name='identity', remove_extra_whitespaces=False, add_dummy_prefix=False, minloglevel=2)
    return out.getvalue()


def load_tokenizer(data):
    return sentencepiece.SentencePieceProcessor(model_proto=data)
