import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { type Manifest, manifestSchema, PREFIX_BYTES, SIGNATURE_BYTES } from '../update/bundle.ts';
import { headSizeOf } from '../update/head.ts';
import { type Offer, PART_BYTES, partLengthOf, transferOf } from './protocol.ts';

/** A bundle that is to be sent, read as its parts are wanted. */
export class OutgoingBundle implements Offer, Disposable {
  readonly transfer: string;
  readonly sizeBytes: number;
  /** As it says of itself: only the node knows whom it trusts. */
  readonly manifest: Manifest;
  readonly #file: number;

  /** @throws FieldnoteError UPDATE_INVALID when it is none, or cut off; BAD_ARGUMENT when it cannot be read */
  constructor(path: string) {
    this.#file = opened(path);
    this.sizeBytes = fstatSync(this.#file).size;
    const head = this.#read(0, headSizeOf(this.#read(0, PREFIX_BYTES)));
    this.manifest = manifestIn(head, path);
    this.transfer = transferOf(head);
    if (head.length + this.manifest.payload.sizeBytes !== this.sizeBytes)
      throw new FieldnoteError(
        'UPDATE_INVALID',
        `${path} has not the length that it says: it is cut off, or not one bundle`,
      );
  }

  part(index: number): Buffer {
    return this.#read(index * PART_BYTES, partLengthOf(index, this));
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  #read(position: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(this.#file, bytes, 0, length, position));
  }
}

function opened(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw new FieldnoteError('BAD_ARGUMENT', `cannot read the bundle: ${messageOf(error)}`, { path }, error);
  }
}

function manifestIn(head: Buffer, path: string): Manifest {
  try {
    return manifestSchema.parse(
      JSON.parse(head.toString('utf8', PREFIX_BYTES, head.length - SIGNATURE_BYTES)),
    );
  } catch (error) {
    throw new FieldnoteError(
      'UPDATE_INVALID',
      `${path} is no update bundle that can be read`,
      { path },
      error,
    );
  }
}
