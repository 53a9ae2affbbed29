"""Composes texts for plans: which facts share a sentence, in which order, as full or as short sentences, one by one or
together. Phrases and their words come from phrases.py.

    python compose.py 20 1 de      shows twenty examples of seed 1 in German"""
import json
import random
import re
import sys

from phrases import BUILDS, LANGUAGES, WORDS, Phrases, Voice
from plans import draw_plan, is_alike, prompt_of

class Composer:
    """One text for one plan."""

    def __init__(self, phrases, plan, voice):
        self.phrases, self.plan, self.voice = phrases, plan, voice
        self.slots, self.compose = plan['slots'], phrases.compose

    def say(self, kind, slots=None, channels=(), course=None, part=0):
        severity = self.plan['severity']
        words = [f"{self.plan['kind']} {severity}", severity, {'rose': 'above', 'fell': 'below'}.get(course, course)]
        words = [word for word in words if word in self.phrases.words]
        return self.phrases.say(kind, self.plan['event'], self.voice, words=words, slots=slots, channels=channels, part=part)

    def knows(self, kind):
        """Whether the language has such phrases."""
        return kind in self.phrases.kinds

    def build(self, key, *options):
        return self.voice.structure(key, [option for option in options if option])

    def text(self):
        head = self.head()
        told = {'machine': self.machine, 'sensor': self.sensor, 'bearing': self.bearing}[self.plan['kind']](head)
        return ' '.join(f'{capitalised(sentence)}.' for sentence in told)

    def machine(self, head):
        channels = self.channels()
        tail = self.tail()
        if 'MORE' in self.slots and not any('@MORE' in sentence for sentence in tail):
            channels[-1] += ', ' + self.say('more')
        sentences = self.with_head(head, channels)
        label = self.label()
        if label:
            where = self.build('label', 'end', 'end_joined', len(channels) > 0 and 'early')
            if where == 'early':
                sentences.insert(len(head), label)
            elif where == 'end_joined' and tail:
                tail[-1] += f'; {label}'
            else:
                tail.append(label)
        return sentences + tail

    # A sensor or a bearing.

    def sensor(self, head):
        sensor = self.plan['sensor']
        fault, is_source, is_over = sensor['fault'], sensor['all'], self.plan['event'] == 'closed'
        say = lambda kind, slots=None: self.say(kind, slots, (1,), sensor['course'], 1)
        text = say(f'{fault}_all' if is_source and fault in ('stuck', 'silent') else fault)
        if fault == 'jump':
            text += ' ' + say('jump_time') if sensor['begin'] else ''
        elif sensor['begin'] is not None:
            text += (', ' if fault in ('spiking', 'saturated') else ' ') + say('begin', sensor['begin'])
        if fault == 'range':
            text += ', ' + say('bound' if 'BOUND' in self.slots else 'impossible')
        extra = {'stuck': 'repeat', 'silent': 'last', 'saturated': 'clipped'}.get(fault)
        if {'stuck': 'REPEAT', 'silent': 'VALUE1', 'saturated': 'COUNT'}.get(fault) in self.slots:
            text += '; ' + say(extra)
        out = say('out_all' if is_source else 'out')
        check = [] if is_over else [say(CHECKS[fault, is_source])]
        if ';' not in text and self.build('out', 'apart', 'semicolon') == 'semicolon':
            return self.joined(head, [f'{text}; {out}']) + check
        return self.joined(head, [text]) + [out] + check

    def bearing(self, head):
        text = self.say('bearing' if 'LABEL' in self.slots else 'bearing_unknown')
        score = self.say('peak' if self.plan['event'] == 'closed' else 'score')
        if not re.search('[;:]', text) and self.build('score', 'apart', 'semicolon') == 'semicolon':
            return self.joined(head, [f'{text}; {score}'])
        return self.joined(head, [text]) + [score]

    def joined(self, head, sentences):
        """A head that is a single sentence may lead with a colon to what follows."""
        is_possible = len(head) == 1 and self.plan['event'] != 'closed' and ':' not in head[0] + sentences[0]
        if is_possible and self.build('head_join', 'apart', 'colon') == 'colon':
            return [f'{head[0]}: {sentences[0]}'] + sentences[1:]
        return head + sentences

    # The head: asset, severity, what happened, and when.

    def head(self):
        """Sentences; the first may be joined with what follows."""
        event = self.plan['event']
        sentences = {'opened': self.opened, 'updated': self.updated, 'closed': self.closed}[event]()
        if self.plan['clock']:
            if self.build('clock', 'inline', 'sentence') == 'inline':
                sentences[-1] += ' ' + self.say('clock')
            else:
                sentences.append(self.say('clock_sentence'))
        return sentences

    def opened(self):
        return [self.say('head')]

    def updated(self):
        begin = set(self.plan['begin'])
        form = self.build('updated', 'inline', 'been', 'still')
        if form == 'still':
            sentences = [self.say('still'), self.say('open_sentence', begin)]
        else:
            head = self.say('head_been') + ' ' if form == 'been' else self.say('head') + ', '
            sentences = [head + self.say('open', begin)]
        if 'NTH' in self.slots:
            if self.build('nth', 'inline', 'sentence') == 'inline':
                sentences[-1] += ', ' + self.say('nth')
            else:
                sentences.append(self.say('nth_sentence'))
        if len(sentences) > 1 and self.build('updated_join', 'sentences', 'semicolon') == 'semicolon':
            sentences[:2] = ['; '.join(sentences[:2])]
        return sentences

    def closed(self):
        is_withdrawn = self.plan['withdrawn']
        sentences, extra = [self.say('withdrawn' if is_withdrawn else 'head')], []
        if 'LASTED' in self.slots:
            if self.build('lasted', 'inline', 'sentence') == 'inline':
                sentences[0] += ' ' + self.say('over')
            else:
                extra.append(self.say('over_sentence'))
        if 'EPISODES' in self.slots:
            if self.build('episodes', 'inline', 'sentence') == 'inline':
                if not extra and sentences[0].endswith('@LASTED') and self.build('listed', True, 'no') is True:
                    sentences[0] += ' ' + self.say('episodes_listed')
                else:
                    target = extra if extra else sentences
                    target[0] += ', ' + self.say('episodes')
            else:
                extra.append(self.say('episodes_sentence'))
        end = {'END'} & self.slots
        if is_withdrawn:
            extra.append(self.say('withdrawn_for'))
        elif self.build('end', 'inline', 'sentence') == 'inline':
            sentences[0] += ', ' + self.say('end', end)
        else:
            extra.append(self.say('end_sentence', end))
        if extra and ';' not in extra[0] and self.build('closed_join', 'sentences', 'semicolon') == 'semicolon':
            sentences[0] += '; ' + extra.pop(0)
        return sentences + extra

    # The channels.

    def channels(self):
        """Clauses, each about one channel or several together."""
        channels, clauses, at = self.plan['channels'], [], 0
        while at < len(channels):
            size = self.group_size(at)
            if size > 1 and self.build(f'group{size}', 'together', 'apart') == 'together':
                clauses.append(self.together(at + 1, size))
                at += size
            else:
                clauses.append(self.past(at + 1) if self.plan['event'] == 'closed' else self.present(at + 1))
                at += 1
        return clauses

    def group_size(self, at):
        channels = self.plan['channels']
        first, size = channels[at], 1
        if first['just'] or first['course'] == 'normal':
            return 1
        while at + size < len(channels):
            next_ = channels[at + size]
            if next_['course'] != first['course'] or next_['just'] or next_['begin'] is not None:
                break
            size += 1
        return size

    def present(self, number):
        channel = self.plan['channels'][number - 1]
        say = lambda kind, slots=None: self.say(kind, slots, (number,), channel['course'], number)
        if channel['course'] == 'normal':
            form = self.build(f'back{number}', 'back', 'value', 'open')
            text = f"{say('back')}, {say('at_value')}" if form == 'back' else self.value(form, 'back_dir', say)
            return self.with_worst(text, channel, say, number)
        just = '_just' if channel['just'] else ''
        begin = None if channel['begin'] is None else say('begin', channel['begin'])
        form = self.build(f'present{number}', 'value', 'open', 'finite', not just and 'high', not just and not begin and 'moved',
                          begin and 'been', begin and 'lead', self.is_alike(number) and 'also')
        if form in ('been', 'lead'):
            comma = ',' if form == 'been' and ', ' in begin else ''
            text = self.lasting(form, begin, just, say) + comma + self.compose['and'] + say('reads')
            begin = None
        elif form in ('finite', 'also'):
            text = f"{say('finite_also' if form == 'also' else 'finite' + just)}, {say('at_value')}"
        elif form == 'high':
            text = f"{say('high')} {say('against_change' if channel['change'] else 'against')}"
        elif form == 'moved':
            text = say('moved')
        else:
            text = self.value(form, 'dir' + just, say)
        if channel['change'] and '@CHANGE' not in text:
            change = say('change')
            text += (' ' if change.startswith('(') else ', ') + change
        if begin and self.build(f'begin{number}', 'inline', 'inline_', 'sentence') == 'sentence':
            return self.with_worst(text, channel, say, number) + '; ' + say('begin_sentence', channel['begin'])
        return self.with_worst(f'{text}, {begin}' if begin else text, channel, say, number)

    def value(self, form, direction, say):
        """A value and where it is: the one beside the other, or in one clause."""
        if form == 'open':
            return f"{say('value_open')} {say(direction).removeprefix(self.compose['relative'])}"
        return f"{say('value')}, {say(direction)}"

    def lasting(self, form, begin, just, say):
        """That a channel has been so since its beginning. Languages differ in where the verb goes."""
        if self.knows('has_been'):
            been = say('has_been' + just)
            return f'{been} {begin}' if form == 'been' else f'{begin}, {been}'
        lies = f"{say('lies')} {begin}" if form == 'been' else f"{begin} {say('lies_lead')}"
        return f"{lies} {say('dir' + just)}"

    def is_alike(self, number):
        return is_alike(self.plan['channels'], number)

    def with_worst(self, text, channel, say, number):
        if channel['worst'] == 'now':
            return f'{text}, {say("worst_now")}'
        if channel['worst'] == 'slot':
            is_inline = self.build(f'worst{number}', 'inline', 'inline_', 'sentence') != 'sentence'
            return f'{text}, {say("worst")}' if is_inline else f'{text}; {say("worst_sentence")}'
        return text

    def past(self, number):
        channel = self.plan['channels'][number - 1]
        say = lambda kind, slots=None: self.say(kind, slots, (number,), channel['course'], number)
        form = self.build(f'past{number}', 'past', 'from', self.is_alike(number) and 'also')
        if form != 'from':
            against = say('against_change' if channel['change'] else 'against')
            text = f"{say('past_also' if form == 'also' else 'past')} {against}"
        else:
            text = say('past_from')
            if channel['change']:
                change = say('change')
                text += (' ' if change.startswith('(') else ', ') + change
        form = self.build(f'now{number}', 'now', 'finite', 'sentence')
        if form == 'finite' and text.startswith('@NAME'):
            return f'{text}{"," if ", " in text else ""}{self.compose["and"]}{say("now_finite")}'
        return f'{text}, {say("now")}' if form != 'sentence' else f'{text}; {say("now_sentence")}'

    def together(self, first, size):
        numbers = tuple(range(first, first + size))
        channels = [self.plan['channels'][number - 1] for number in numbers]
        is_past = self.plan['event'] == 'closed'
        course, begin = channels[0]['course'], channels[0]['begin']
        if begin is None:
            text = self.group('together_past' if is_past else 'together', numbers, course)
        else:
            since = self.say('begin', begin, (first,), course, first)
            is_whole = self.knows('together_been')
            text = f"{self.group('together_been' if is_whole else 'together_lies', numbers, course)} {since}"
            text += '' if is_whole else ' ' + self.say('dir_all', course=course)
        details = [self.detail(number, channel, is_past) for number, channel in zip(numbers, channels)]
        first_last, plain_last = self.compose['last']
        last = first_last if any(', ' in detail for detail in details) else self.build('details', first_last, plain_last)
        listed = ', '.join(details[:-1]) + last + details[-1]
        if self.voice.structure('detail_separator', [', ', '; ']) == '; ':
            listed = '; '.join(details)
        return text + self.build('details_lead', ': ', ', ' if not is_past else ': ') + listed

    def group(self, kind, numbers, course):
        """A phrase with as many names as there are channels."""
        wanted = '#+*'[:len(numbers)]
        for _ in range(50):
            text = self.say(kind, None, numbers, course)
            if len(re.findall('@NAME', text)) == len(wanted):
                return text
            self.voice = self.voice.freer()
        raise ValueError(f'no phrase of {kind} for {len(numbers)} channels')

    def detail(self, number, channel, is_past):
        say = lambda kind, slots=None: self.say(kind, slots, (number,), channel['course'], 0)
        if is_past:
            against = say('against_change' if channel['change'] else 'against')
            return f'{say("detail_past")} {against}, {say("now")}'
        text = say('detail_change' if channel['change'] else 'detail')
        if channel['worst'] == 'now':
            text += ', ' + say('worst_now')
        elif channel['worst'] == 'slot':
            text += ', ' + say('worst')
        return text

    # How sentences share clauses.

    def with_head(self, head, clauses):
        """Head sentences, then the clauses: joined with the head, with each other, or apart."""
        if not clauses:
            return head
        event, heads = self.plan['event'], self.compose['heads']
        is_plain = event != 'closed' and len(head) == 1 and not re.search('[;:]', head[0]) and not re.search('[;:]', clauses[0])
        is_plain = is_plain and is_named(clauses[0])
        join = self.build('head_join', 'apart', is_plain and 'colon', is_plain and event == 'opened' and self.is_full(clauses[0]) and 'where',
                          is_plain and re.match(self.compose['nominal'], clauses[0]) and 'with')
        if join in heads:
            first, *clauses = clauses
            head = [head[0] + heads[join] + first]
        sentences = []
        while clauses:
            clause = clauses.pop(0)
            if clauses:
                clause = self.paired(clause, clauses)
            if sentences and self.is_full(clause) and is_named(clause) and self.compose['starters'] and not self.has_starter(sentences):
                starter = self.build('starter', 'none', *self.compose['starters'], 'none_')
                clause = starter + clause if starter in self.compose['starters'] else clause
            sentences.append(clause)
        return head + sentences

    def paired(self, clause, clauses):
        """With the next clause in the same sentence, or as it was."""
        next_ = clauses[0]
        is_pair = self.is_full(clause) and self.is_full(next_)
        is_contrast = is_pair and contrasts(self.plan, clause, next_)
        how = self.build(f'pair{len(clauses)}', 'apart', is_pair and 'and', is_pair and 'while', 'semicolon', is_contrast and 'but')
        if how not in self.compose['pairs'] or not is_named(next_) or re.search('[;:]', clause + next_):
            return clause
        return clause + self.compose['pairs'][how] + clauses.pop(0)

    def has_starter(self, sentences):
        return any(sentence.startswith(tuple(self.compose['starters'])) for sentence in sentences)

    def is_full(self, clause):
        """A sentence with a verb; the others stand alone or after a semicolon."""
        return re.match(self.compose['verb'], clause) is not None

    def tail(self):
        tail = []
        if 'SCORE' in self.slots:
            tail.append(self.say('score'))
            only = self.say('score_only')
            if self.build('score', 'joined', 'apart') == 'joined':
                tail[-1] += '; ' + only
            else:
                tail.append(only)
        if 'PEAK' in self.slots:
            tail.append(self.say('peak'))
        if 'MORE' in self.slots and not self.is_more_inline():
            tail.append(self.say('more_sentence'))
        return tail

    def is_more_inline(self):
        return self.voice.structure('more', ['inline', 'sentence']) == 'inline'

    def label(self):
        if 'LABEL' in self.slots:
            return self.say('label')
        return self.say('unknown') if self.plan['event'] != 'closed' else None


# What to look at: of a sensor, and of a source with all its sensors.
CHECKS = {
    ('stuck', False): 'check_sensor', ('stuck', True): 'check_device', ('silent', False): 'check_sensor',
    ('silent', True): 'check_sensor', ('spiking', False): 'check_cable', ('saturated', False): 'check_range',
    ('range', False): 'check_break', ('jump', True): 'check_clock',
}


def is_named(clause):
    return clause.startswith('@NAME')


def contrasts(plan, clause, next_):
    """Whether two clauses, each about one channel, tell of different courses."""
    names = [sorted(set(re.findall(r'@NAME(\d)', text))) for text in (clause, next_)]
    if any(len(found) != 1 for found in names):
        return False
    return len({plan['channels'][int(found[0]) - 1]['course'] for found in names}) == 2


def capitalised(sentence):
    return sentence[:1].upper() + sentence[1:]


def main(count, seed, language='en'):
    phrases, rng = Phrases(LANGUAGES[language]), random.Random(int(seed))
    for _ in range(int(count)):
        plan = draw_plan(rng)
        voice = Voice(rng.choice(BUILDS), rng.choice(WORDS), rng)
        print(json.dumps({'prompt': prompt_of(plan), 'text': Composer(phrases, plan, voice).text()}, ensure_ascii=False))


if __name__ == '__main__':
    main(*sys.argv[1:])
