import { type Client, isApiError, type KubeObject, type ResourceType } from './client.ts';
import type { Clock } from './clock.ts';
import { type Logger, messageOf } from './logger.ts';

export const eventType: ResourceType = { group: 'events.k8s.io', version: 'v1', kind: 'Event', plural: 'events' };

/** Something that happened to an object, for people who `kubectl describe` it. */
export interface ObjectEvent {
  type: 'Normal' | 'Warning';
  /** One word in CamelCase. */
  reason: string;
  message: string;
}

export interface EventRecorderOptions {
  client: Client;
  clock: Clock;
  logger: Logger;
  /** Who reports, such as `tspace.dev/operator`, and which process of it. */
  controller: string;
  instance: string;
}

/** Events per object that may come at once, and how many more per minute: a flapping object must not flood etcd. */
const burst = 25;
const perMinute = 10;

/** Writes events. One that cannot be written is logged and forgotten: no work depends on it. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #budgets = new Map<string, { left: number; at: number }>();
  #count = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  async record(regarding: KubeObject, { type, reason, message }: ObjectEvent): Promise<void> {
    const { client, clock, logger, controller, instance } = this.#options;
    const { namespace = 'default', name, uid, resourceVersion } = regarding.metadata;
    if (!this.#spend(uid ?? name)) return;
    const time = clock.now();
    try {
      await client.create(eventType, {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { namespace, name: `${name}.${time.toString(16)}${(this.#count++).toString(16)}` },
        eventTime: new Date(time).toISOString().replace('Z', '000Z'),
        reportingController: controller,
        reportingInstance: instance.slice(0, 128),
        action: reason.slice(0, 128),
        reason: reason.slice(0, 128),
        regarding: { apiVersion: regarding.apiVersion, kind: regarding.kind, namespace, name, uid, resourceVersion },
        note: cutToBytes(message, 1024),
        type,
      });
    } catch (error) {
      // Its name is its own: a try whose answer was lost has written it.
      if (isApiError(error, 409) && error.reason === 'AlreadyExists') return;
      logger.warn({ reason, error: messageOf(error) }, 'event not written');
    }
  }

  /** Token bucket per object. */
  #spend(key: string): boolean {
    const now = this.#options.clock.now();
    const { left, at } = this.#budgets.get(key) ?? { left: burst, at: now };
    const tokens = Math.min(burst, left + ((now - at) / 60_000) * perMinute);
    this.#budgets.set(key, { left: Math.max(0, tokens - 1), at: now });
    return tokens >= 1;
  }
}

/** The beginning of a text, whole characters of at most so many bytes: the API server counts bytes. */
function cutToBytes(text: string, most: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(most));
  return text.slice(0, read);
}
