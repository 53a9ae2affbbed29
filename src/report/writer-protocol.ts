import type { Language } from '../values/language.ts';

/** What the daemon asks of the writer's process, and what it answers. */
export type WriterRequest = LoadRequest | WriteRequest;
export type WriterAnswer = LoadAnswer | WriteAnswer;

export interface LoadRequest {
  readonly kind: 'load';
  readonly path: string;
}

export interface LoadAnswer {
  readonly kind: 'load';
  /** Of the model file. */
  readonly sha256: string;
  /** Whether it was made for this, see models/writer; any other model needs a grammar. */
  readonly isOwn: boolean;
}

export interface WriteRequest {
  readonly kind: 'write';
  /** Kinds of statement and names of slots, see promptOf. */
  readonly prompt: string;
  readonly language: Language;
  /** How it should sound, see VOICES. A model that was not made for this has no use for it. */
  readonly voice: string;
  /** What may be written, in the notation of llama.cpp; everything when it is absent. */
  readonly grammar?: string | undefined;
  readonly seed: number;
  /** 0 takes the likeliest word every time. */
  readonly temperature: number;
  readonly tokensMax: number;
}

export interface WriteAnswer {
  readonly kind: 'write';
  /** Words and slots. */
  readonly text: string;
  readonly tokens: number;
}
