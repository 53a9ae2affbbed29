import { connect } from 'node:net';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import { linkOver, type OpenLinkFunction } from './open-link.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** Idle time before the kernel asks whether the peer still lives; it is lost about 10 s later. */
const KEEP_ALIVE_MS = 10_000;

/** A TCP server such as a serial device server, or a Unix socket. */
export type SocketAddress = { readonly host: string; readonly port: number } | { readonly path: string };

const ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; start its server or correct the address',
  ENOENT: 'there is no such socket; start the program that makes it or correct the path',
  EACCES: 'this user may not use it; change the owner or mode of the socket',
  ENOTFOUND: 'no name server knows that host; correct the name or use an address',
  EAI_AGAIN: 'no name server answers; check the network or use an address',
  EHOSTUNREACH: 'no route leads there; check cable and network settings',
  ENETUNREACH: 'no route leads there; check cable and network settings',
};

/** Connects to a stream socket. The peer ending the connection is a loss like any other. */
export function socketOpener(
  address: SocketAddress,
  connectTimeoutMs = CONNECT_TIMEOUT_MS,
): OpenLinkFunction {
  const name = 'path' in address ? address.path : `${address.host}:${address.port}`;
  const closeReason = (cause: Error | undefined) => lost(name, cause);

  return (handlers, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<ReturnType<typeof linkOver>>();
    const socket = connect({ ...address, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
    const fail = (cause: Error) => reject(unavailable(name, cause));
    const giveUp = () => socket.destroy(new Error('the attempt was given up'));
    const timeout = setTimeout(() => {
      socket.destroy(new Error(`no answer within ${connectTimeoutMs / 1000} s; check address and cable`));
    }, connectTimeoutMs);
    const settle = () => {
      clearTimeout(timeout);
      signal.removeEventListener('abort', giveUp);
    };

    signal.addEventListener('abort', giveUp);
    socket.once('error', fail).once('close', settle);
    socket.once('connect', () => {
      settle();
      socket.off('error', fail);
      resolve(linkOver({ stream: socket, handlers, isLive: true, closeReason }));
    });
    return promise;
  };
}

function unavailable(name: string, cause: NodeJS.ErrnoException): FieldnoteError {
  const reason = ADVICE[cause.code ?? ''] ?? messageOf(cause);
  return new FieldnoteError('LINK_UNAVAILABLE', `Cannot connect to ${name}: ${reason}`, { name }, cause);
}

function lost(name: string, cause: Error | undefined): FieldnoteError {
  const reason = cause === undefined ? 'the other side ended it' : messageOf(cause);
  return new FieldnoteError('LINK_LOST', `Lost the connection to ${name}: ${reason}`, { name }, cause);
}
