"""Writes the model as GGUF v3: magic, version, key-values, tensor table, then data aligned to 32 bytes (the specification is
docs/gguf.md of ggml). Matrices are Q8_0: blocks of 32 values, one half-precision scale and 32 signed bytes."""
import struct

import numpy as np

from tokenizer import SPACE, SYMBOLS

F32, Q8_0 = 0, 8
ALIGNMENT = 32
KEY_TYPES = {'u32': 4, 'i32': 5, 'f32': 6, 'bool': 7, 'str': 8, 'arr': 9}
FORMATS = {'u32': '<I', 'i32': '<i', 'f32': '<f', 'bool': '<?'}
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6


def string(text):
    data = text.encode()
    return struct.pack('<Q', len(data)) + data


def value_bytes(kind, value, element):
    if kind == 'str':
        return string(value)
    if kind == 'arr':
        items = b''.join(value_bytes(element, item, None) for item in value)
        return struct.pack('<IQ', KEY_TYPES[element], len(value)) + items
    return struct.pack(FORMATS[kind], value)


def key_value(key, kind, value, element=None):
    return string(key) + struct.pack('<I', KEY_TYPES[kind]) + value_bytes(kind, value, element)


def quantised(matrix):
    blocks = matrix.reshape(-1, 32).astype(np.float32)
    scale = np.abs(blocks).max(1) / 127
    inverse = np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)
    out = np.empty((len(blocks), 34), np.uint8)
    out[:, :2] = scale.astype(np.float16)[:, None].view(np.uint8)
    out[:, 2:] = np.round(blocks * inverse[:, None]).astype(np.int8).view(np.uint8)
    return out.tobytes()


def token_type(tokenizer, at):
    if tokenizer.is_unknown(at):
        return UNKNOWN
    if tokenizer.is_byte(at):
        return BYTE
    if tokenizer.is_control(at):
        return CONTROL
    return USER_DEFINED if tokenizer.id_to_piece(at) in SYMBOLS else NORMAL


def vocabulary(tokenizer):
    """Pieces, scores and types. llama.cpp looks for user-defined pieces in the text itself, where a space is a space."""
    ids = range(tokenizer.vocab_size())
    types = [token_type(tokenizer, at) for at in ids]
    pieces = [tokenizer.id_to_piece(at) for at in ids]
    pieces = [piece.replace(SPACE, ' ') if kind == USER_DEFINED else piece for piece, kind in zip(pieces, types)]
    return [
        ('tokenizer.ggml.model', 'str', 'llama'),
        ('tokenizer.ggml.pre', 'str', 'default'),
        ('tokenizer.ggml.tokens', 'arr', pieces, 'str'),
        ('tokenizer.ggml.scores', 'arr', [tokenizer.get_score(at) for at in ids], 'f32'),
        ('tokenizer.ggml.token_type', 'arr', types, 'i32'),
        ('tokenizer.ggml.unknown_token_id', 'u32', 0),
        ('tokenizer.ggml.bos_token_id', 'u32', 1),
        ('tokenizer.ggml.eos_token_id', 'u32', 2),
        ('tokenizer.ggml.add_bos_token', 'bool', True),
        ('tokenizer.ggml.add_eos_token', 'bool', False),
        ('tokenizer.ggml.add_space_prefix', 'bool', False),
    ]


def description(shape):
    return [
        ('general.architecture', 'str', 'llama'),
        ('general.name', 'str', 'fieldnote-writer'),
        ('general.license', 'str', 'apache-2.0'),
        ('general.file_type', 'u32', 7),
        ('general.quantization_version', 'u32', 2),
        ('llama.vocab_size', 'u32', shape.vocabulary),
        ('llama.context_length', 'u32', shape.context),
        ('llama.embedding_length', 'u32', shape.width),
        ('llama.block_count', 'u32', shape.layers),
        ('llama.feed_forward_length', 'u32', shape.hidden),
        ('llama.attention.head_count', 'u32', shape.heads),
        ('llama.attention.head_count_kv', 'u32', shape.heads),
        ('llama.attention.layer_norm_rms_epsilon', 'f32', 1e-5),
        ('llama.rope.dimension_count', 'u32', shape.width // shape.heads),
        ('llama.rope.freq_base', 'f32', 10000.0),
    ]


def export(path, model, tokenizer):
    keys = description(model.shape) + vocabulary(tokenizer)
    weights = [(name, weight.detach().cpu().numpy()) for name, weight in model.state_dict().items()]
    head = b'GGUF' + struct.pack('<IQQ', 3, len(weights), len(keys)) + b''.join(key_value(*key) for key in keys)
    data = b''
    for name, weight in weights:
        kind = Q8_0 if weight.ndim == 2 else F32
        # GGUF counts the fastest-varying dimension first.
        dimensions = b''.join(struct.pack('<Q', size) for size in weight.shape[::-1])
        head += string(name) + struct.pack('<I', weight.ndim) + dimensions + struct.pack('<IQ', kind, len(data))
        data += quantised(weight) if kind == Q8_0 else weight.astype(np.float32).tobytes()
        data += b'\0' * (-len(data) % ALIGNMENT)
    with open(path, 'wb') as out:
        out.write(head + b'\0' * (-len(head) % ALIGNMENT) + data)
