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

/**
 * Events of one reason and object that may come at once, and how many more per minute: a flapping object must not flood etcd.
 * Each reason has its own budget, so that a thousand trained models do not keep the run's end from being told.
 */
const burst = 10;
const perMinute = 5;
/** Budgets that are kept before those that are whole again are forgotten. */
const mostBudgets = 1000;

interface Budget {
  left: number;
  /** When it was counted, in the clock's elapsed time. */
  at: number;
}

/** Writes events. One that cannot be written is logged and forgotten: no work depends on it. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #budgets = new Map<string, Budget>();
  #count = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  async record(regarding: KubeObject, { type, reason, message }: ObjectEvent): Promise<void> {
    const { client, clock, logger, controller, instance } = this.#options;
    const { namespace = 'default', name, uid, resourceVersion } = regarding.metadata;
    if (!this.#spend(`${uid ?? name} ${reason}`)) return;
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

  /** Token bucket per object and reason. */
  #spend(key: string): boolean {
    const now = this.#options.clock.elapsed();
    const tokensOf = ({ left, at }: Budget) => Math.min(burst, left + ((now - at) / 60_000) * perMinute);
    const tokens = tokensOf(this.#budgets.get(key) ?? { left: burst, at: now });
    this.#budgets.set(key, { left: tokens >= 1 ? tokens - 1 : tokens, at: now });
    if (this.#budgets.size > mostBudgets)
      for (const [other, budget] of this.#budgets) if (tokensOf(budget) === burst) this.#budgets.delete(other);
    return tokens >= 1;
  }
}

/** The beginning of a text, whole characters of at most so many bytes: the API server counts bytes. */
function cutToBytes(text: string, most: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(most));
  return text.slice(0, read);
}
