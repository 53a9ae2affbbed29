"""Composes texts for plans: which facts share a sentence, in which order, as full or as short sentences, one by one or
together. Phrases and their words come from phrases.py.

    python compose.py 20 1      shows twenty examples of seed 1"""
import json
import random
import re
import sys

from phrases import BUILDS, WORDS, Phrases, Voice
from plans import draw_plan, prompt_of

class Composer:
    """One text for one plan."""

    def __init__(self, phrases, plan, voice):
        self.phrases, self.plan, self.voice = phrases, plan, voice
        self.slots = plan['slots']

    def say(self, kind, slots=None, channels=(), course=None, part=0):
        words = [self.plan['severity']] + ([{'rose': 'above', 'fell': 'below'}.get(course, course)] if course else [])
        words = [word for word in words if word in self.phrases.words]
        return self.phrases.say(kind, self.plan['event'], self.voice, words=words, slots=slots, channels=channels, part=part)

    def build(self, key, *options):
        return self.voice.structure(key, [option for option in options if option])

    def text(self):
        head = self.head()
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
        return ' '.join(f'{capitalised(sentence)}.' for sentence in sentences + tail)

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
        sentences, extra = [self.say('head')], []
        if 'LASTED' in self.slots:
            if self.build('lasted', 'inline', 'sentence') == 'inline':
                comma = ', ' if (over := self.say('over')).startswith('having') else ' '
                sentences[0] += comma + over
            else:
                extra.append(self.say('over_sentence'))
        if 'EPISODES' in self.slots:
            if self.build('episodes', 'inline', 'sentence') == 'inline':
                episodes = self.say('episodes')
                target = extra if extra else sentences
                is_listed = not extra and re.search(r'after @LASTED$', sentences[0])
                if episodes.startswith('and') and not is_listed:
                    episodes = 'with ' + episodes[4:]
                target[0] += (' ' if is_listed else ', ') + episodes
            else:
                extra.append(self.say('episodes_sentence'))
        end = {'END'} & self.slots
        if self.build('end', 'inline', 'sentence') == 'inline':
            sentences[0] += ', ' + self.say('end', end)
        else:
            extra.append(self.say('end_sentence', end))
        if extra and self.build('closed_join', 'sentences', 'semicolon') == 'semicolon':
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
            if self.build(f'back{number}', 'back', 'value') == 'back':
                text = say('back') + self.build(f'back_value{number}', ', ', ' ') + say('at_value')
            else:
                text = join_dir(say('value'), say('back_dir'))
            return self.with_worst(text, channel, say, number)
        just = '_just' if channel['just'] else ''
        begin = None if channel['begin'] is None else say('begin', channel['begin'])
        form = self.build(f'present{number}', 'value', 'finite', not just and 'high', not just and 'moved',
                          begin and 'been', begin and 'lead', self.is_alike(number) and 'also')
        if form in ('been', 'lead'):
            been = say('has_been' + just)
            text = f'{been} {begin}' if form == 'been' else f'{begin}, {been}'
            text += self.build(f'been_value{number}', ' and ', ', and ' if form == 'been' else ' and ') + say('reads')
            begin = None
        elif form in ('finite', 'also'):
            text = say('finite_also' if form == 'also' else 'finite' + just)
            at_value = say('at_value')
            text += (', ' if at_value.startswith(('reading', 'now')) else self.build(f'finite_value{number}', ' ', ', ')) + at_value
        elif form == 'high' and channel['change']:
            text = say('high') + joint(against := say('against_change')) + against
        elif form == 'high':
            text = say('high') + joint(against := say('against')) + against
        elif form == 'moved':
            text = say('moved')
        else:
            text = join_dir(say('value'), say('dir' + just))
        if channel['change'] and '@CHANGE' not in text:
            change = say('change')
            text += (' ' if change.startswith('(') else ', ') + change
        if begin and self.build(f'begin{number}', 'inline', 'inline_', 'sentence') == 'sentence':
            return self.with_worst(text, channel, say, number) + '; ' + say('begin_sentence', channel['begin'])
        return self.with_worst(f'{text}, {begin}' if begin else text, channel, say, number)

    def is_alike(self, number):
        """Whether the channel does the same as the one before it."""
        before, channel = self.plan['channels'][number - 2], self.plan['channels'][number - 1]
        return number > 1 and before['course'] == channel['course'] and not before['just'] and not channel['just']

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
            text = say('past_also' if form == 'also' else 'past') + joint(against) + against
        else:
            text = say('past_from')
            if channel['change']:
                change = say('change')
                text += (' ' if change.startswith('(') else ', ') + change
        form = self.build(f'now{number}', 'now', 'finite', 'sentence')
        if form == 'finite' and text.startswith('@NAME'):
            return f'{text}{"," if ", " in text else ""} and {say("now_finite")}'
        return f'{text}, {say("now")}' if form != 'sentence' else f'{text}; {say("now_sentence")}'

    def together(self, first, size):
        numbers = tuple(range(first, first + size))
        channels = [self.plan['channels'][number - 1] for number in numbers]
        is_past = self.plan['event'] == 'closed'
        slots = None
        begin = channels[0]['begin']
        kind = 'together_past' if is_past else 'together' if begin is None else 'together_been'
        text = self.group(kind, numbers, channels[0]['course'])
        if begin is not None:
            text += ' ' + self.say('begin', begin, (first,), channels[0]['course'], first)
        details = [self.detail(number, channel, is_past) for number, channel in zip(numbers, channels)]
        last_joint = self.build('details', ', and ', ' and ') if not any(', ' in detail for detail in details) else ', and '
        listed = ', '.join(details[:-1]) + last_joint + details[-1]
        if self.voice.structure('detail_separator', [', ', '; ']) == '; ':
            listed = '; '.join(details)
        return text + self.build('details_lead', ': ', ', ' if not is_past and 'normal:' not in text else ': ') + listed

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
            return f'{say("detail_past")}{joint(against)}{against}, {say("now")}'
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
        is_plain = self.plan['event'] != 'closed' and ';' not in head[0] + clauses[0]
        join = HEAD_JOINS.get(self.build('head_join', 'apart', 'colon', is_plain and is_named(clauses[0]) and is_full(clauses[0]) and 'where',
                                         is_plain and re.match(r'@NAME\d at', clauses[0]) and 'with')) if len(head) == 1 else None
        if join and ':' not in head[0] + clauses[0] and not clauses[0].startswith(('since', 'for', 'from')):
            first, *clauses = clauses
            head = [head[0] + join + first]
        sentences = []
        while clauses:
            clause = clauses.pop(0)
            how = self.build(f'pair{len(clauses)}', 'apart', 'and', 'while', 'semicolon', 'but')
            if how == 'but' and not (clauses and is_contrast(self.plan, clause, clauses[0])):
                how = 'apart'
            if how in ('and', 'while', 'but') and clauses and not (is_full(clause) and is_full(clauses[0])):
                how = 'semicolon'
            if clauses and clauses[0].startswith(('since', 'for')):
                how = 'apart'
            if clauses and how != 'apart' and ';' not in clause + clauses[0] and ':' not in clause + clauses[0]:
                clause += {'and': ', and ', 'while': ', while ', 'semicolon': '; ', 'but': ', but '}[how] + clauses.pop(0)
            elif sentences and is_full(clause) and not any(map(is_started, sentences)) and (starter := self.build('starter', 'none', 'in addition, ', 'besides, ', 'none_')) in STARTERS:
                clause = starter + clause
            sentences.append(clause)
        return head + sentences

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


HEAD_JOINS = {'colon': ': ', 'where': ', where ', 'with': ', with '}
STARTERS = ('in addition, ', 'besides, ')


VERB = re.compile(r'^(at @VALUE|with @VALUE)?.*?(@NAME\d|normal) (is|are|stands|reads|shows|now|sits|measures|exceeds|has|have|had|lies|falls|rose|fell|climbed|'
                  r'dropped|went|increased|decreased|both|all)\b')


def is_full(clause):
    """A sentence with a verb; the others stand alone or after a semicolon."""
    return VERB.match(clause.split(',')[0] if not clause.startswith(('at', 'with', 'since', 'for', 'from')) else clause) is not None


def is_started(sentence):
    return sentence.startswith(STARTERS)


def is_named(clause):
    return clause.startswith('@NAME')


def is_contrast(plan, clause, next_):
    """Whether two clauses, each about one channel, tell of different courses."""
    names = [sorted(set(re.findall(r'@NAME(\d)', text))) for text in (clause, next_)]
    if any(len(found) != 1 for found in names):
        return False
    return len({plan['channels'][int(found[0]) - 1]['course'] for found in names}) == 2


def joint(following):
    return ', ' if following.startswith('a change') else ' '


def join_dir(value, direction):
    if value.endswith(' is'):
        return f"{value} {direction.removeprefix('which is ')}"
    return f'{value}, {direction}'


def capitalised(sentence):
    return sentence[:1].upper() + sentence[1:]


def main(count, seed):
    phrases, rng = Phrases(), random.Random(seed)
    for _ in range(count):
        plan = draw_plan(rng)
        voice = Voice(rng.choice(BUILDS), rng.choice(WORDS), rng)
        print(json.dumps({'prompt': prompt_of(plan), 'text': Composer(phrases, plan, voice).text()}))


if __name__ == '__main__':
    main(int(sys.argv[1]), int(sys.argv[2]))
