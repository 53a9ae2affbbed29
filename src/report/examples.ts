import type { Language } from '../values/language.ts';

/**
 * What a model that was not made for this continues, whether it was trained to follow instructions or not. The notes
 * are ones that the verifier takes.
 */
const ENGLISH = `Short notes about incidents. Each note uses every slot of its facts once, writes no number of its own, gives no
advice, and says nothing that is not in its facts.

Facts: opened warning @ASSET above1 @NAME1 @VALUE1 @NORMAL1 @CHANGE1 @SINCE1 @LASTED1 cause unknown
Note: New warning on @ASSET. @NAME1 is at @VALUE1, above its normal @NORMAL1 (@CHANGE1), since @SINCE1 (@LASTED1). The cause is not known.

Facts: updated critical @ASSET open @SINCE @LASTED below1 @NAME1 @VALUE1 @NORMAL1 @WORST1 above2 @NAME2 @VALUE2 @NORMAL2 worst2 @MORE @LABEL @CHANCE
Note: Critical incident on @ASSET, open since @SINCE (@LASTED). @NAME1 is at @VALUE1, below its normal @NORMAL1, worst @WORST1. @NAME2 is at @VALUE2, above its normal @NORMAL2, its worst so far. @MORE involved. This looks like @LABEL (@CHANCE).

Facts: closed notice @ASSET over @LASTED @END rose1 @NAME1 @VALUE1 @NORMAL1 @CHANGE1 @WORST1
Note: The notice on @ASSET is over after @LASTED, back to normal since @END. @NAME1 rose to @WORST1 (normal @NORMAL1, @CHANGE1), now at @VALUE1.

Facts: opened notice @ASSET clock unset below1 @NAME1 @VALUE1 @NORMAL1 @LASTED1 cause unknown
Note: Notice on @ASSET (clock not set). @NAME1 is at @VALUE1, below its normal @NORMAL1, for @LASTED1. The cause is not known.

`;

const GERMAN = `Kurze Meldungen über Vorfälle. Jede Meldung nennt jeden Platzhalter ihrer Fakten einmal, schreibt keine eigene Zahl, gibt
keinen Rat und sagt nichts, was nicht in ihren Fakten steht.

Facts: opened warning @ASSET above1 @NAME1 @VALUE1 @NORMAL1 @CHANGE1 @SINCE1 @LASTED1 cause unknown
Note: Neue Warnung für @ASSET. @NAME1 liegt bei @VALUE1, über dem Normalwert @NORMAL1 (@CHANGE1), seit @SINCE1 (@LASTED1). Die Ursache ist nicht bekannt.

Facts: updated critical @ASSET open @SINCE @LASTED below1 @NAME1 @VALUE1 @NORMAL1 @WORST1 above2 @NAME2 @VALUE2 @NORMAL2 worst2 @MORE @LABEL @CHANCE
Note: Kritische Störung für @ASSET, offen seit @SINCE (@LASTED). @NAME1 liegt bei @VALUE1, unter dem Normalwert @NORMAL1, Extremwert @WORST1. @NAME2 liegt bei @VALUE2, über dem Normalwert @NORMAL2, der bisherige Extremwert. @MORE beteiligt. Das sieht nach @LABEL aus (@CHANCE).

Facts: closed notice @ASSET over @LASTED @END rose1 @NAME1 @VALUE1 @NORMAL1 @CHANGE1 @WORST1
Note: Der Hinweis für @ASSET ist vorbei nach @LASTED, wieder normal seit @END. @NAME1 stieg auf @WORST1 (normal @NORMAL1, @CHANGE1), jetzt bei @VALUE1.

`;

export const EXAMPLES: Readonly<Record<Language, string>> = { en: ENGLISH, de: GERMAN };
