/** What the judge and its child process say to each other. */

export type JudgeRequest = LoadRequest | RunRequest | ReleaseRequest;
export type JudgeAnswer = LoadAnswer | RunAnswer | ReleaseAnswer;

export interface LoadRequest {
  readonly kind: 'load';
  readonly sha256: string;
  readonly onnxPath: string;
}

export interface LoadAnswer {
  readonly kind: 'load';
  readonly graph: Graph;
  /** sha256 of every model that the process holds now: the oldest may have gone. */
  readonly held: readonly string[];
}

/** What the graph of a model takes and gives, by its own account. */
export interface Graph {
  readonly inputs: readonly GraphTensor[];
  readonly outputs: readonly GraphTensor[];
}

export interface GraphTensor {
  readonly name: string;
  /** Element type, such as "float32"; "none" when it is no tensor. */
  readonly type: string;
  /** Sizes; a name where the graph takes any size. */
  readonly shape: readonly (number | string)[];
}

export interface RunRequest {
  readonly kind: 'run';
  readonly sha256: string;
  /** rows × channels values, row by row. */
  readonly data: Float32Array;
  readonly rows: number;
  readonly channels: number;
  /** Inputs of the graph beside the window, by name. */
  readonly constants: Readonly<Record<string, number>>;
}

export interface RunAnswer {
  readonly kind: 'run';
  /** By output name; at most OUTPUT_LENGTH_MAX + 1 values of each, so that too many can be told. */
  readonly outputs: Readonly<Record<string, Float32Array>>;
}

export interface ReleaseRequest {
  readonly kind: 'release';
  readonly sha256: string;
}

export interface ReleaseAnswer {
  readonly kind: 'release';
}

/** Outputs of the package format; any other output of a graph is not computed. */
export const OUTPUT_NAMES = ['score', 'value', 'baseline', 'spread', 'share', 'labels'] as const;

/** Most channels, and most labels, that a manifest can name. */
export const OUTPUT_LENGTH_MAX = 64;
