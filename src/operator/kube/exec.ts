import type { WebSocket } from 'undici';
import { z } from 'zod';
import type { ApiConnection } from './apiConnection.ts';
import { ApiError } from './client.ts';

/** A container of a running pod. */
export interface Container {
  namespace: string;
  pod: string;
  container: string;
}

export interface ExecOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds without a word of the server after which it counts as gone. */
  timeout?: number;
  /** Bytes of output that are taken at most: all that is held at once. */
  most: number;
}

/** What a command has written. */
export interface Executed {
  stdout: Uint8Array;
  stderr: string;
  /** Whether it ended with exit code 0. */
  succeeded: boolean;
  /** What the server says of its end, where it did not. */
  message: string;
}

/** As kubectl asks for them. They differ in how input ends, and a command here is given none. */
const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

/** The first byte of a message says what follows. */
const channel = { stdout: 1, stderr: 2, status: 3 } as const;

const silence = 60_000;

const endSchema = z.object({ status: z.string(), message: z.string().default('') });

interface Output {
  stdout: Buffer[];
  stderr: Buffer[];
  bytes: number;
}

/** Adds a message to what has come. @returns how the command ended, with the last message of all */
function take(output: Output, message: Buffer, most: number): z.output<typeof endSchema> | undefined {
  const [kind, body] = [message[0], message.subarray(1)];
  if (kind === channel.status) return endSchema.parse(JSON.parse(body.toString()));
  if (kind !== channel.stdout && kind !== channel.stderr) return undefined;
  output.bytes += body.length;
  if (output.bytes > most) throw new Error(`a command has written more than ${most} bytes`);
  output[kind === channel.stdout ? 'stdout' : 'stderr'].push(body);
  return undefined;
}

/** Listens until the command has ended. @throws Error where the connection ends before, or nothing is heard for long */
async function listen(socket: WebSocket, { signal, timeout = silence, most }: ExecOptions): Promise<Executed> {
  const output: Output = { stdout: [], stderr: [], bytes: 0 };
  const { promise, resolve, reject } = Promise.withResolvers<Executed>();
  const fail = (message: string) => reject(new Error(message));
  const quiet = () => fail(`nothing was heard of the command for ${timeout / 1000} s`);
  let timer = setTimeout(quiet, timeout);
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(quiet, timeout);
  };
  const abort = () => reject(signal?.reason);
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();
  socket.binaryType = 'arraybuffer';
  socket.onopen = heard;
  socket.onmessage = ({ data }) => {
    heard();
    try {
      const end = take(output, Buffer.from(data as ArrayBuffer), most);
      if (end === undefined) return;
      const stderr = Buffer.concat(output.stderr).toString();
      resolve({
        stdout: Buffer.concat(output.stdout),
        stderr,
        succeeded: end.status === 'Success',
        message: end.message,
      });
    } catch (error) {
      reject(error);
    }
  };
  socket.onerror = ({ message }) => fail(message || 'the connection failed');
  socket.onclose = () => fail('the connection was closed before the command had ended');
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    socket.close();
  }
}

/**
 * Runs a command in a container through the API server, as `kubectl exec` does, and holds all that it writes.
 * @throws ApiError where the server refuses, Error where the connection fails: the command may be run again then
 */
export async function execute(
  connection: Pick<ApiConnection, 'socket' | 'send'>,
  { namespace, pod, container }: Container,
  command: readonly string[],
  options: ExecOptions,
): Promise<Executed> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/exec`;
  const query = { command, container, stdout: 'true', stderr: 'true' };
  const socket = await connection.socket({ path, query }, protocols);
  let opened = false;
  socket.addEventListener('open', () => {
    opened = true;
  });
  try {
    return await listen(socket, options);
  } catch (error) {
    // A WebSocket does not tell what the server answered. Asked without one, it refuses for the same reason, and runs nothing:
    // it would only ask for the WebSocket (400).
    if (!opened && !options.signal?.aborted)
      await connection.send({ method: 'GET', path, query }, silence).catch((refused: unknown) => {
        if (refused instanceof ApiError && refused.status !== 400) throw refused;
      });
    throw error;
  }
}
