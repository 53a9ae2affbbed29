"""Draws plans: what a text must say, as incidents bring it. The prompt is that of promptOf in src/report/slots.ts, and the same
plans are held out."""
import zlib


def is_held_out(prompt):
    return zlib.crc32(prompt[prompt.index('@ASSET'):].encode()) % 5 == 0


def draw_plan(rng):
    """As incidents bring them: mostly about the machine, with one to three channels, a tenth without any."""
    kind = rng.choice(['machine'] * 16 + ['sensor'] * 3 + ['bearing'])
    event = rng.choice(['opened', 'updated', 'updated', 'closed'])
    clock = rng.random() < 0.12
    plan = {'kind': kind, 'event': event, 'severity': rng.choice(['notice', 'warning', 'critical']), 'clock': clock,
            'withdrawn': kind == 'machine' and event == 'closed' and rng.random() < 0.12, 'slots': set(), 'channels': []}
    if event == 'updated':
        plan['begin'] = draw_begin(rng, clock)
        plan['slots'] |= {'NTH'} if rng.random() < 0.25 else set()
    if event == 'closed':
        plan['slots'] |= {'LASTED'} if rng.random() < 0.92 else set()
        plan['slots'] |= {'EPISODES'} if rng.random() < 0.3 else set()
        plan['slots'] |= set() if clock or plan['withdrawn'] else {'END'}
    {'machine': draw_machine, 'sensor': draw_sensor, 'bearing': draw_bearing}[kind](rng, plan)
    return plan


def draw_machine(rng, plan):
    count = rng.choice([0, 1, 1, 1, 2, 2, 2, 3, 3, 3])
    plan['channels'] = [draw_channel(rng, plan['event'], plan['clock'], at, rng.random()) for at in range(count)]
    if count == 0:
        plan['slots'] |= {score_of(plan), 'LIMIT'}
    if count > 0 and rng.random() < (0.5 if count == 3 else 0.03):
        plan['slots'].add('MORE')
    if rng.random() < 0.45:
        plan['slots'] |= {'LABEL', 'CHANCE'}


def draw_bearing(rng, plan):
    plan['slots'] |= {'BEARING', score_of(plan), 'LIMIT'}
    if rng.random() < 0.7:
        plan['slots'] |= {'LABEL', 'CHANCE'}


def score_of(plan):
    return 'PEAK' if plan['event'] == 'closed' else 'SCORE'


# What is said of a fault while it lasts: slots that it must have and may have. Of one that is over little is said.
FAULTS = {
    'stuck': (['VALUE1'], ['REPEAT']),
    'silent': ([], ['VALUE1']),
    'spiking': (['TIMES', 'VALUE1'], []),
    'saturated': (['VALUE1'], ['COUNT']),
    'range': (['VALUE1'], []),
    'jump': (['JUMP'], []),
}
# Faults that a whole source can have; a clock is that of a source.
OF_SOURCES = ('stuck', 'silent')


def draw_sensor(rng, plan):
    fault = rng.choice(list(FAULTS))
    is_over = plan['event'] == 'closed'
    sensor = plan['sensor'] = {'fault': fault, 'all': fault == 'jump' or fault in OF_SOURCES and rng.random() < 0.5, 'course': None, 'begin': None}
    must, may = FAULTS[fault]
    slots = {'NAME1'} | set(must) | {slot for slot in may if rng.random() < 0.7}
    if fault in ('stuck', 'silent') and sensor['all']:
        slots = {'NAME1'}
    if is_over:
        slots -= {'REPEAT', 'COUNT'} | ({'VALUE1'} if fault in ('silent', 'spiking') else set())
    if fault == 'range' and rng.random() < 0.9:
        slots.add('BOUND')
    if fault == 'jump' or 'BOUND' in slots:
        sensor['course'] = rng.choice(['above', 'below'])
    if not is_over:
        sensor['begin'] = draw_begin(rng, plan['clock']) if fault != 'jump' else [] if plan['clock'] else ['SINCE']
    plan['slots'] |= slots


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
    words += [plan['kind']] * (plan['kind'] != 'machine')
    if plan['event'] == 'updated':
        words += ['open', *begin_words(plan['begin'], '')]
    words += has('NTH')
    if plan['event'] == 'closed':
        words += ['withdrawn' if plan['withdrawn'] else 'over', *has('LASTED', 'EPISODES', 'END')]
    if plan['kind'] == 'sensor':
        words += sensor_words(plan['sensor'], has)
    for at, channel in enumerate(plan['channels'], 1):
        words += [f'also{at}'] * is_alike(plan['channels'], at)
        words += [f'just{at}'] * channel['just'] + [f"{channel['course']}{at}", f'@NAME{at}', f'@VALUE{at}', f'@NORMAL{at}']
        words += [f'@CHANGE{at}'] * channel['change']
        words += {'slot': [f'@WORST{at}'], 'now': [f'worst{at}'], None: []}[channel['worst']]
        words += begin_words(channel['begin'], at)
    words += has('MORE', 'BEARING', 'SCORE', 'PEAK', 'LIMIT', 'LABEL', 'CHANCE')
    if plan['kind'] == 'machine' and plan['event'] != 'closed' and 'LABEL' not in plan['slots']:
        words.append('cause unknown')
    if plan['kind'] == 'bearing' and 'LABEL' not in plan['slots']:
        words.append('part unknown')
    return ' '.join(words)


def sensor_words(sensor, has):
    words = [sensor['fault']] + ['all'] * sensor['all'] + has('NAME1', 'TIMES', 'JUMP', 'VALUE1')
    words += [f"{sensor['course']}1"] if sensor['course'] else ['impossible'] * (sensor['fault'] == 'range')
    words += has('BOUND')
    if sensor['begin'] is not None:
        words += begin_words(sensor['begin'], 1) if sensor['fault'] != 'jump' else [f'@{name}1' for name in sensor['begin']]
    return words + has('COUNT', 'REPEAT')


def begin_words(begin, suffix):
    if begin is None:
        return []
    return [f'@{name}{suffix}' for name in begin] or [f'before{suffix}']


def is_alike(channels, number):
    """Whether the channel does the same as the one before it."""
    before, channel = channels[number - 2], channels[number - 1]
    return number > 1 and before['course'] == channel['course'] and not before['just'] and not channel['just']
