import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { FieldnoteError, messageOf } from '../system/errors.ts';
import type { OpenLink, OpenLinkFunction } from './open-link.ts';

/** Answers that may wait in the socket; more are dropped, as datagrams are. */
const WAITING_BYTES_MAX = 65_536;

const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there; end it or choose another port',
  EADDRNOTAVAIL: 'this device has no such address; correct it, or listen at 0.0.0.0',
  EACCES: 'this user may not listen there; choose a port over 1023',
  ENOTFOUND: 'no name server knows that name; give an address of this device',
};

/**
 * Listens for datagrams, as a router of MAVLink on the same computer sends them, one after the other as a stream of
 * bytes. Answers go to whoever sent the last one; while nobody has, they go nowhere.
 */
export function datagramOpener({
  host,
  port,
}: {
  readonly host: string;
  readonly port: number;
}): OpenLinkFunction {
  const name = `${host}:${port}`;
  return async (handlers, signal) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    await bind(socket, { host, port, signal }).catch((cause) => {
      socket.close();
      throw unavailable(name, cause);
    });
    return linkOverDatagrams(socket, name, handlers);
  };
}

function bind(socket: Socket, at: { host: string; port: number; signal: AbortSignal }): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const giveUp = () => reject(new Error('the attempt was given up'));
  at.signal.addEventListener('abort', giveUp);
  socket.once('error', reject);
  socket.bind({ address: at.host, port: at.port }, resolve);
  return promise.finally(() => {
    at.signal.removeEventListener('abort', giveUp);
    socket.off('error', reject);
  });
}

function linkOverDatagrams(
  socket: Socket,
  name: string,
  handlers: Parameters<OpenLinkFunction>[0],
): OpenLink {
  const closed = Promise.withResolvers<void>();
  let peer: RemoteInfo | undefined;
  let isPaused = false;
  let isClosing = false;
  let failure: Error | undefined;
  const end = () => {
    if (!isClosing) socket.close();
    isClosing = true;
  };
  socket.on('message', (bytes, from) => {
    if (isPaused || isClosing) return;
    peer = from;
    handlers.onBytes(bytes);
  });
  socket.on('error', (error) => {
    failure ??= error;
    end();
  });
  socket.on('close', () => {
    handlers.onClose(failure && lost(name, failure));
    closed.resolve();
  });
  return {
    isLive: true,
    write(bytes) {
      if (peer === undefined || isClosing || socket.getSendQueueSize() > WAITING_BYTES_MAX) return;
      // A peer that has gone away refuses the datagram: it is heard again or it is not.
      socket.send(bytes, peer.port, peer.address, () => undefined);
    },
    pause: () => {
      isPaused = true;
    },
    resume: () => {
      isPaused = false;
    },
    close() {
      end();
      return closed.promise;
    },
  };
}

function unavailable(name: string, cause: NodeJS.ErrnoException): FieldnoteError {
  const reason = ADVICE[cause.code ?? ''] ?? messageOf(cause);
  return new FieldnoteError('LINK_UNAVAILABLE', `Cannot listen at ${name}: ${reason}`, { name }, cause);
}

function lost(name: string, cause: Error): FieldnoteError {
  return new FieldnoteError('LINK_LOST', `Lost the socket at ${name}: ${messageOf(cause)}`, { name }, cause);
}
