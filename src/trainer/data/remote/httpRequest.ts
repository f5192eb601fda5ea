import { type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import { DdrError } from '../../../api/errors.ts';
import type { Try } from '../../s3/retry.ts';
import { hostOf, lookupOf, requireAddress } from './addresses.ts';

/** An answer that another try may not get: of a server that is overloaded or restarted, or one that was cut off. */
export class PassingFailure extends Error {}

/** Servers that a request may be sent on to. */
const mostRedirects = 5;

const redirects = [301, 302, 303, 307, 308];

/** What is asked of a server. */
export interface HttpRequest {
  method: 'HEAD' | 'GET';
  headers?: Record<string, string>;
}

/** An answer whose body has not been read. Whoever does not read it lets go of it with {@link discard}. */
export interface HttpAnswer {
  status: number;
  header(name: string): string | undefined;
  body: Dispatcher.ResponseData['body'];
}

/** Connections as the environment wants them made: through its proxy, where it names one. */
const dispatcherOf = (led: boolean): Dispatcher =>
  new EnvHttpProxyAgent({
    connections: 16,
    connect: { timeout: 10_000, lookup: lookupOf(led) },
    bodyTimeout: 0, // whoever reads gives up a try that nothing comes of
    headersTimeout: 0,
  });

/** Sends requests. Those that a server has sent on have connections of their own: they may not lead to this machine. */
export interface HttpSender {
  send(url: string, asked: HttpRequest, one: Try): Promise<HttpAnswer>;
  close(): Promise<void>;
}

/** Throws away what of a body has not been read, and its connection with it where that is much. */
export const discard = ({ body }: HttpAnswer): Promise<void> => body.dump({ limit: 65_536 }).catch(() => {});

/** Where a server sends a request on to. @throws DdrError InputUnsafe, InputForeign */
function nextUrl(from: URL, location: string): URL {
  const to = URL.parse(location, from.href);
  if (to === null || !['http:', 'https:'].includes(to.protocol))
    throw new DdrError('InputUnsafe', `is sent on to ${location}, which is no http or https URL`, { where: from.href });
  if (from.protocol === 'https:' && to.protocol === 'http:')
    throw new DdrError('InputUnsafe', `is sent on from https to ${to.origin}, which anybody on the way could change`, {
      where: from.href,
    });
  return to;
}

async function sendOnce(url: URL, asked: HttpRequest, dispatcher: Dispatcher, one: Try): Promise<HttpAnswer> {
  const { statusCode, headers, body } = await request(url, {
    method: asked.method,
    headers: { 'accept-encoding': 'identity', 'user-agent': 'disentangled-diffusion', ...asked.headers },
    dispatcher,
    signal: one.abortSignal,
  });
  one.touch();
  return {
    status: statusCode,
    header(name) {
      const value = headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    body,
  };
}

export function createHttpSender(): HttpSender {
  const [direct, led] = [dispatcherOf(false), dispatcherOf(true)];
  return {
    async send(url, asked, one) {
      let at = new URL(url);
      for (let hops = 0; hops <= mostRedirects; hops++) {
        const isLed = hops > 0 && at.host !== new URL(url).host;
        requireAddress(hostOf(at), at.host, isLed);
        const answer = await sendOnce(at, asked, isLed ? led : direct, one);
        const location = answer.header('location');
        if (!redirects.includes(answer.status) || location === undefined) return answer;
        await discard(answer);
        at = nextUrl(at, location);
      }
      throw new DdrError('InputForeign', `is sent on more than ${mostRedirects} times`, { where: url });
    },
    close: async () => {
      await Promise.all([direct.close(), led.close()]);
    },
  };
}

const networkCodes = /^(E[A-Z]+|EAI_AGAIN|UND_ERR_.*|ERR_SSL_.*|HPE_.*|ERR_STREAM_PREMATURE_CLOSE)$/;

/** Whether another try may end otherwise. */
export function isPassing(error: unknown): boolean {
  if (error instanceof PassingFailure) return true;
  if (error instanceof DdrError || !(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return error.name === 'AbortError' || networkCodes.test(code) || isPassing(error.cause);
}

/** What a user is told of an error of a request. */
export function toSourceError(error: unknown, where: string): DdrError {
  if (error instanceof DdrError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (isPassing(error))
    return new DdrError('SourceUnavailable', `the server does not answer as it should: ${message}`, {
      where,
      hint: 'Look whether the URL is right, and its server up and reached from the pods; the next attempt begins anew.',
      cause: error,
    });
  return new DdrError('FileAccess', message, { where, cause: error });
}
