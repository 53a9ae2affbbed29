"""Draws plans: what a text must say, as incidents bring it. The prompt is that of promptOf in src/report/slots.ts, and the same
plans are held out."""
import zlib


def is_held_out(prompt):
    return zlib.crc32(prompt[prompt.index('@ASSET'):].encode()) % 5 == 0


def draw_plan(rng):
    """As incidents bring them: one to three channels, a tenth without any."""
    event = rng.choice(['opened', 'updated', 'updated', 'closed'])
    clock = rng.random() < 0.12
    plan = {'event': event, 'severity': rng.choice(['notice', 'warning', 'critical']), 'clock': clock, 'slots': set()}
    if event == 'updated':
        plan['begin'] = draw_begin(rng, clock)
        plan['slots'] |= {'NTH'} if rng.random() < 0.25 else set()
    if event == 'closed':
        plan['slots'] |= {'LASTED'} if rng.random() < 0.92 else set()
        plan['slots'] |= {'EPISODES'} if rng.random() < 0.3 else set()
        plan['slots'] |= set() if clock else {'END'}
    count = rng.choice([0, 1, 1, 1, 2, 2, 2, 3, 3, 3])
    plan['channels'] = [draw_channel(rng, event, clock, at, rng.random()) for at in range(count)]
    if count == 0:
        plan['slots'] |= {'PEAK' if event == 'closed' else 'SCORE', 'LIMIT'}
    if count > 0 and rng.random() < (0.5 if count == 3 else 0.03):
        plan['slots'].add('MORE')
    if rng.random() < 0.45:
        plan['slots'] |= {'LABEL', 'CHANCE'}
    return plan


def draw_begin(rng, clock):
    """What is known about a beginning: its time, how long ago it is, both, or neither."""
    if clock:
        return rng.choice([['LASTED']] * 5 + [[]])
    return rng.choice([['SINCE', 'LASTED']] * 12 + [['SINCE'], ['LASTED'], []])


def draw_channel(rng, event, clock, at, mood):
    if event == 'closed':
        channel = {'course': rng.choice(['rose', 'rose', 'fell']), 'worst': 'slot'}
    else:
        course = rng.choice(['above', 'above', 'above', 'below', 'below'] + ['normal'] * (event == 'updated' and mood < 0.3))
        channel = {'course': course, 'worst': rng.choice(['now', 'slot']) if event == 'updated' else None}
    channel['just'] = channel['course'] in ('above', 'below') and rng.random() < 0.07
    channel['change'] = channel['course'] != 'normal' and rng.random() < 0.65
    is_told = channel['course'] in ('above', 'below') and rng.random() < (0.93 if event == 'opened' and at == 0 else 0.4)
    channel['begin'] = draw_begin(rng, clock) if is_told else None
    return channel


def prompt_of(plan):
    has = lambda *names: [f'@{name}' for name in names if name in plan['slots']]
    words = [plan['event'], plan['severity'], '@ASSET'] + ['clock unset'] * plan['clock']
    if plan['event'] == 'updated':
        words += ['open', *begin_words(plan['begin'], '')]
    words += has('NTH')
    if plan['event'] == 'closed':
        words += ['over', *has('LASTED', 'EPISODES', 'END')]
    for at, channel in enumerate(plan['channels'], 1):
        words += [f'just{at}'] * channel['just'] + [f"{channel['course']}{at}", f'@NAME{at}', f'@VALUE{at}', f'@NORMAL{at}']
        words += [f'@CHANGE{at}'] * channel['change']
        words += {'slot': [f'@WORST{at}'], 'now': [f'worst{at}'], None: []}[channel['worst']]
        words += begin_words(channel['begin'], at)
    words += has('MORE', 'SCORE', 'PEAK', 'LIMIT', 'LABEL', 'CHANCE')
    if plan['event'] != 'closed' and 'LABEL' not in plan['slots']:
        words.append('cause unknown')
    return ' '.join(words)


def begin_words(begin, suffix):
    if begin is None:
        return []
    return [f'@{name}{suffix}' for name in begin] or [f'before{suffix}']
