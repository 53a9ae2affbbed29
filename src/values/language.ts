/** Languages in which reports are told; src/report/languages.ts has their words. */
export const languages = ['en', 'de'] as const;
export type Language = (typeof languages)[number];

/** Reports of older versions name no language, and are English. */
export const DEFAULT_LANGUAGE: Language = 'en';
