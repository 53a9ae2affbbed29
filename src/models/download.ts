import type { FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { exponentialMs } from '../system/back-off.ts';
import { FieldnoteError, messageOf } from '../system/errors.ts';

/** How patient a download is. */
export interface Patience {
  /** A server that says nothing for so long is left. */
  readonly silenceMs: number;
  /** Wait after the first failure; doubles with each. */
  readonly retryMs: number;
}

export const PATIENCE: Patience = { silenceMs: 30_000, retryMs: 1000 };

/** Failures in a row that brought no new byte. */
const FAILURES_MAX = 4;
const RETRY_LONGEST_MS = 30_000;
const REDIRECTS_MAX = 5;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
/** What a server may get over: too busy, too slow, broken behind its proxy. */
const PASSING: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

export interface Download extends Patience {
  readonly url: string;
  /** Of the whole file. */
  readonly sizeBytes: number;
  /** Open for writing. What it holds is taken for the beginning of the file. */
  readonly part: FileHandle;
  readonly onProgress: (bytes: number) => void;
}

/**
 * Fetches the rest of a file by HTTP and goes on where a connection breaks, as RFC 9110 section 14 lets it; a server that
 * knows no ranges begins again. Nothing about this device goes out but the request itself.
 * @throws {FieldnoteError} DOWNLOAD_FAILED saying what the server did; what came so far stays in the part
 */
export async function download(options: Download): Promise<void> {
  let [haveBytes, failures] = [(await options.part.stat()).size, 0];
  while (haveBytes < options.sizeBytes) {
    try {
      return await fetchRest(options, haveBytes);
    } catch (error) {
      const nowBytes = (await options.part.stat()).size;
      failures = nowBytes > haveBytes ? 1 : failures + 1;
      haveBytes = nowBytes;
      if (!(error instanceof PassingFault)) throw error;
      if (failures >= FAILURES_MAX) throw failed(options.url, error.message, error);
      await sleep(exponentialMs(failures - 1, { firstMs: options.retryMs, longestMs: RETRY_LONGEST_MS }));
    }
  }
}

/** Something that may be over when it is tried again. */
class PassingFault extends Error {}

async function fetchRest({ url, sizeBytes, part, silenceMs, onProgress }: Download, haveBytes: number) {
  const silence = new AbortController();
  const timer = setTimeout(
    () => silence.abort(new Error(`nothing came for ${silenceMs / 1000} s`)),
    silenceMs,
  );
  try {
    const response = await answerOf(url, haveBytes, silence.signal);
    let at = beginningOf(response, { url, sizeBytes, haveBytes });
    if (at < haveBytes) await part.truncate(at);
    for await (const chunk of bodyOf(response)) {
      timer.refresh();
      if (at + chunk.length > sizeBytes) throw failed(url, `the server sends more than ${sizeBytes} bytes`);
      await part.write(chunk, 0, chunk.length, at);
      at += chunk.length;
      onProgress(at);
    }
    if (at < sizeBytes) throw new PassingFault(`the connection ended after ${at} of ${sizeBytes} bytes`);
  } finally {
    clearTimeout(timer);
  }
}

/** The answer behind all redirects. */
async function answerOf(url: string, haveBytes: number, signal: AbortSignal): Promise<Response> {
  // Identity: a range of something compressed would be of no use.
  const headers = { 'accept-encoding': 'identity', ...(haveBytes > 0 && { range: `bytes=${haveBytes}-` }) };
  let place = new URL(url);
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects += 1) {
    const response = await orPassing(fetch(place, { headers, redirect: 'manual', signal }));
    const { status } = response;
    if (PASSING.includes(status)) throw new PassingFault(`the server answers ${status}`);
    if (!REDIRECTS.includes(status)) return response;
    await response.body?.cancel();
    place = nextPlace(url, place, response.headers.get('location'));
  }
  throw failed(url, `it leads from one place to the next more than ${REDIRECTS_MAX} times`);
}

function nextPlace(url: string, place: URL, location: string | null): URL {
  const next = location !== null && URL.canParse(location, place) ? new URL(location, place) : undefined;
  const isAllowed = next?.protocol === 'https:' || (next?.protocol === 'http:' && place.protocol === 'http:');
  // Neither to files, nor out of TLS, nor with somebody's password.
  if (next === undefined || !isAllowed || next.username !== '' || next.password !== '')
    throw failed(url, 'the server leads to a place that is not allowed');
  return next;
}

/** Which byte of the file the body of an answer begins with. */
function beginningOf(
  { status, headers }: Response,
  { url, sizeBytes, haveBytes }: Pick<Download, 'url' | 'sizeBytes'> & { haveBytes: number },
): number {
  const [, first, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? [];
  const isRange = status === 206 && Number(first) === haveBytes;
  if (status !== 200 && !isRange) throw failed(url, `the server answers ${status}`);
  const length = headers.get('content-length');
  const offered = isRange ? total : length;
  if (offered !== null && offered !== undefined && Number(offered) !== sizeBytes)
    throw failed(url, `the file there has ${offered} bytes instead of ${sizeBytes}: it is another one`);
  return isRange ? haveBytes : 0;
}

async function* bodyOf({ body }: Response): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await orPassing(reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** What fails on the way to the server may work the next time; `fetch` hides why in the cause. */
async function orPassing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new PassingFault(messageOf(cause), { cause });
  }
}

function failed(url: string, what: string, cause?: unknown): FieldnoteError {
  const { host } = new URL(url);
  return new FieldnoteError('DOWNLOAD_FAILED', `cannot download from ${host}: ${what}`, { host }, cause);
}
