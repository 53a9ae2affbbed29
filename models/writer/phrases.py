"""Chooses words from the phrase list of a language, such as src/report/english.json, in a voice.

A phrase is words, slots (@NAME# belongs to a channel), alternatives (a|b), options [a] and named words $over, which depend
on the severity or on the direction of a channel. A voice prefers certain alternatives: its two letters are the seed of the
preference, one for how sentences are built and one for their words. With `freedom` it chooses otherwise."""
import hashlib
import json
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
LANGUAGES = {'en': os.path.join(HERE, '../../src/report/english.json'), 'de': os.path.join(HERE, '../../src/report/german.json')}

# Of voices, as in VOICES of src/report/slots.ts.
BUILDS, WORDS = 'abcdefgh', 'pqrstuvw'


def rank(*parts):
    return hashlib.sha256('/'.join(map(str, parts)).encode()).digest()


class Voice:
    """The same letters prefer the same; every `freedom`-th choice is free."""

    def __init__(self, build, words, rng, freedom=0.15):
        self.build, self.words, self.rng, self.freedom = build, words, rng, freedom

    def _choose(self, letter, key, options):
        options = list(options)
        if len(options) == 1:
            return options[0]
        if self.rng.random() < self.freedom:
            return self.rng.choice(options)
        return max(options, key=lambda option: rank(letter, key, option))

    def freer(self):
        """For where what it prefers is not possible."""
        return Voice(self.build, self.words, self.rng, 1)

    def structure(self, key, options):
        return self._choose(self.build, key, options)

    def word(self, key, options):
        return self._choose(self.words, key, options)


class Phrases:
    def __init__(self, path):
        with open(path, encoding='utf8') as file:
            document = json.load(file)
        self.language, self.words, self.kinds = document['language'], document['words'], document['phrases']
        self.compose = document['compose']
        # What a model is trained with; the rest of the file is the template's and the verifier's.
        learned = json.dumps([self.compose, self.words, self.kinds], sort_keys=True)
        self.sha256 = hashlib.sha256(learned.encode()).hexdigest()

    def say(self, kind, tense, voice, *, words=(), slots=None, channels=(), part=0):
        """A phrase of that kind. `slots`: slots that it may and must have (None: any); `channels`: numbers for # + *;
        `part` makes the second channel sound unlike the first."""
        texts = [text for when, list_ in self.kinds[kind].items() if when in (tense, 'any', *TENSES[tense]) for text in list_]
        usable = [text for text in texts if slots is None or slots_of(text) == set(slots)]
        text = self.expand(voice.word(f'{kind}{part}', usable), voice, words, part)
        for mark, number in zip('#+*', channels):
            text = re.sub(r'(@[A-Z]+)' + re.escape(mark), lambda found: found[1] + str(number), text)
        return text

    def expand(self, text, voice, words, part):
        def named(match):
            name = match[0][1:]
            for group in (*words, 'any'):
                if name in self.words[group]:
                    return self.words[group][name]
            raise KeyError(f'{name} in {text}')
        while '$' in text:
            text = re.sub(r'\$[a-z_]+', named, text)
        while (found := re.search(r'\(([^()@]*\|[^()@]*)\)|\[([^\[\]]*)\]', text)):
            # Brackets around a slot are part of the text: they hold no alternatives.
            options = found[1].split('|') if found[1] is not None else ['', found[2]]
            choice = voice.word(f'{found[0]}{part}', options)
            text = text[:found.start()] + choice + text[found.end():]
        return re.sub(r' +', ' ', text).replace(' ,', ',').replace(' :', ':').strip()


TENSES = {'opened': ('present',), 'updated': ('present',), 'closed': ('past',)}


def slots_of(text):
    return {name for name in re.findall(r'@([A-Z]+)', text)}
