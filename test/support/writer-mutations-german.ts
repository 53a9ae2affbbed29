import { insertion, type Mutation, pick, replaceOne, replacer, SLOT } from './writer-mutations.ts';

/** Ways in which a writer of German goes wrong. */
export const GERMAN_MUTATIONS: Readonly<Record<string, Mutation>> = {
  'flips a direction': replacer([
    ['über', 'unter'],
    ['höher', 'niedriger'],
    ['gestiegen', 'gefallen'],
    ['angestiegen', 'abgefallen'],
    ['geklettert', 'gesunken'],
    ['stieg', 'fiel'],
    ['kletterte', 'sank'],
    ['stiegen', 'fielen'],
    ['kletterten', 'sanken'],
    ['hoch', 'niedrig'],
    ['erhöht', 'verringert'],
  ]),
  'changes the severity': (text, random) =>
    replaceOne(text, /Hinweis|Warnung|kritische?/gi, random, (found) => {
      const others = ['Hinweis', 'Warnung', 'kritische'].filter(
        (word) => !found.toLowerCase().startsWith(word.slice(0, 6).toLowerCase()),
      );
      return pick(others, random) ?? found;
    }),
  'changes the event': replacer([
    ['ist vorbei', 'ist noch offen'],
    ['beendet', 'eröffnet'],
    ['geschlossen', 'offen'],
    ['dauert an', 'ist zu Ende'],
    ['besteht weiter', 'besteht nicht mehr'],
    ['nicht vorbei', 'vorbei'],
    ['noch offen', 'beendet'],
    ['neu', 'alt'],
    ['neue', 'alte'],
    ['wieder normal', 'weiter gestört'],
    ['zurückgezogen', 'bestätigt'],
  ]),
  'adds a cause': insertion(/[.;,](?= |$)/g, [
    ' wegen Kavitation',
    ' aufgrund eines verschlissenen Lagers',
    ', verursacht durch einen verstopften Filter',
    ', wohl eine Leckage',
    ', da das Ventil geschlossen ist',
    ', nachdem das Lager festging',
    ', was auf Verschleiß deutet',
  ]),
  'adds advice': insertion(/\.(?= |$)/g, [
    '. Lager prüfen',
    '. Bitte @ASSET kontrollieren',
    ', also die Pumpe anhalten',
    '. Das Teil sollte ersetzt werden',
    '. Service anrufen',
    '. Jetzt handeln',
  ]),
  'adds a judgement': insertion(/\.(?= |$)/g, [
    '. Das ist gefährlich',
    ', was harmlos ist',
    '. Es ist nichts kaputt',
    ', viel zu viel',
    '. Bald fällt alles aus',
    ' und steigend',
    ' und stabil',
  ]),
  negates: insertion(
    / (?:über|unter|wieder|offen|höher|niedriger|hoch|niedrig|erhöht|bekannt|auf @)(?!\p{L})/gu,
    [' nicht', ' nie', ' nicht mehr', ' kaum'],
  ),
  'hedges or exaggerates': insertion(
    / (?:über|unter|höher|niedriger|hoch|niedrig|erhöht|wieder)(?!\p{L})/gu,
    [' knapp', ' leicht', ' weit', ' fast', ' vermutlich', ' gefährlich', ' doppelt', ' immer'],
  ),
  'adds a number': insertion(/ (?:seit|über|unter|normal|und|bei|für|von|auf)(?!\p{L})/gu, [
    ' 7',
    ' zwölf',
    ' 3,5',
    ' zwei',
    ' mehrere',
    ' ½',
  ]),
  'writes a number for a slot': (text, random) =>
    replaceOne(
      text,
      SLOT,
      random,
      () => pick(['7,4 mm/s', 'zwölf', '14:32 UTC', '6 min', 'mehrere'], random) ?? '',
    ),
  'drops a remark': (text) =>
    text.replace(
      /[^.;,(]*(?:Extremwert(?! @| von| bisher @| war| lag)|Ursache|Uhr|sagt das Modell|keinen Kanal|Neustart)[^.;,@]*(?=[.;,])/,
      '',
    ),
  'confuses roles': replacer([
    ['normal', 'extrem'],
    ['üblichen', 'letzten'],
    ['Extremwert', 'Normalwert'],
    ['seit', 'bis'],
    ['nach', 'vor'],
    ['jetzt', 'früher'],
    ['statt', 'plus'],
    ['vom', 'zum'],
    ['beide', 'nicht beide'],
    ['klingt', 'sieht aus'],
    ['wahrscheinlich', 'unwahrscheinlich'],
    ['höchster', 'niedrigster'],
    ['beteiligt', 'ausgenommen'],
  ]),
  'confuses sensors': replacer([
    ['aus der Beurteilung genommen', 'Teil der Beurteilung'],
    ['zählt wieder', 'zählt nicht'],
    ['zurück', 'vor'],
    ['genau', 'ungefähr'],
    ['keinen Wert', 'einen Wert'],
    ['Ende', 'Anfang'],
    ['Kabel', 'Lager'],
    ['möglichen', 'üblichen'],
    ['Sensor', 'Motor'],
    ['beschädigt', 'repariert'],
  ]),
  'changes the language': (text, random) =>
    replaceOne(
      text,
      /(?<=\. |^)[^.]*\./g,
      random,
      (sentence) => `There is something with ${sentence.match(SLOT)?.join(' and ')}.`,
    ),
  'adds a sentence of another report': (text, random) =>
    `${text} ${pick(['Die Ursache ist nicht bekannt.', 'Es ist wieder normal.', 'Begonnen hat es vor einem Neustart.', 'Die Uhr ist nicht gestellt.', 'Das Modell nennt keinen Kanal.', 'Er ist aus der Beurteilung genommen.'], random)}`,
};
