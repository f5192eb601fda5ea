import { z } from 'zod';
import { ApiError, type Client, type KubeObject, type ResourceType } from './client.ts';
import { type Clock, sleep } from './clock.ts';
import { type Logger, messageOf } from './logger.ts';

export const leaseType: ResourceType = { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases' };

/** As client-go: how long a lease holds, how long the leader tries to renew it, how often. */
export const leaseTimes = { durationMs: 15_000, renewWithinMs: 10_000, retryMs: 2_000 };

export interface LeaderElectionOptions {
  client: Client;
  namespace: string;
  name: string;
  /** Different for every process. */
  identity: string;
  clock: Clock;
  logger: Logger;
}

const specSchema = z.object({
  holderIdentity: z.string().optional(),
  renewTime: z.string().optional(),
  leaseTransitions: z.number().optional(),
  leaseDurationSeconds: z.number().optional(),
});

/** Kubernetes' MicroTime wants six digits (javascript#828). */
const microTime = (milliseconds: number) => new Date(milliseconds).toISOString().replace(/(\.\d{3})Z$/, '$1000Z');

/**
 * Leader election by a Lease. Another's lease counts as expired when this process has watched it unchanged for its whole
 * duration by its own clock: the clocks of nodes need not agree.
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #stop = new AbortController();
  #observed: { version: string | undefined; at: number } | undefined;
  #renewing: Promise<void> | undefined;
  /** When the last try that took or renewed the lease began. */
  #heldSince = Number.NEGATIVE_INFINITY;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
  }

  /**
   * Waits until this process leads, and keeps it so from then on.
   * @param onLost called once when the lease could not be renewed in time: the process must stop working at once
   * @returns false where it was stopped before it led
   */
  async lead(onLost: () => void): Promise<boolean> {
    const { clock, logger, identity } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const asked = clock.elapsed();
      // An answer that took too long is of a lease that may have expired since.
      if ((await this.#tryAcquire()) && clock.elapsed() - asked < leaseTimes.renewWithinMs) {
        logger.info({ identity }, 'leading');
        this.#heldSince = asked;
        this.#renewing = this.#renew(asked, onLost);
        return true;
      }
      await sleep(clock, leaseTimes.retryMs, signal);
    }
    return false;
  }

  /**
   * Whether this process leads now, by the clock: one that was stopped and wakes up may be about to write before any timer
   * has told it that its lease is over.
   */
  holds(): boolean {
    const { clock } = this.#options;
    return !this.#stop.signal.aborted && clock.elapsed() - this.#heldSince < leaseTimes.renewWithinMs;
  }

  /** Gives the lease up, so that another need not wait for it to expire. */
  async release(): Promise<void> {
    const { client, namespace, name, identity, logger } = this.#options;
    this.#stop.abort();
    await this.#renewing;
    try {
      const lease = await client.get(leaseType, namespace, name);
      if (lease === undefined || specSchema.parse(lease.spec).holderIdentity !== identity) return;
      await client.replace(leaseType, {
        ...lease,
        spec: { ...(lease.spec as object), holderIdentity: '', leaseDurationSeconds: 1 },
      });
    } catch (error) {
      logger.warn({ error: messageOf(error) }, 'the lease could not be released; it expires by itself');
    }
  }

  /**
   * Renews until stopped. The time that counts is when a successful try began: others may see the lease renewed from then
   * on. It runs by a timer, since a call to a server that does not answer may hang for minutes.
   */
  async #renew(since: number, onLost: () => void): Promise<void> {
    const { clock, logger } = this.#options;
    const over = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, over.signal]);
    const watchFrom = (from: number) =>
      clock.after(from + leaseTimes.renewWithinMs - clock.elapsed(), () => {
        over.abort();
        if (this.#stop.signal.aborted) return;
        logger.error({}, 'lost the lease');
        onLost();
      });
    let cancel = watchFrom(since);
    while (!signal.aborted) {
      await sleep(clock, leaseTimes.retryMs, signal);
      if (signal.aborted) break;
      const asked = clock.elapsed();
      const renewed = await orAborted(this.#tryAcquire(), signal);
      if (renewed !== true || over.signal.aborted) continue;
      cancel();
      cancel = watchFrom(asked);
      this.#heldSince = asked;
    }
    cancel();
  }

  /** Takes or renews the lease. @returns whether this process holds it now; false also where the server cannot be reached */
  async #tryAcquire(): Promise<boolean> {
    const { client, namespace, name, identity, clock, logger } = this.#options;
    const times = { renewTime: microTime(clock.now()), leaseDurationSeconds: leaseTimes.durationMs / 1000 };
    try {
      const lease = await client.get(leaseType, namespace, name);
      if (this.#stop.signal.aborted) return false; // released meanwhile: do not take it back
      if (lease === undefined) {
        const spec = { holderIdentity: identity, acquireTime: times.renewTime, leaseTransitions: 0, ...times };
        await client.create(leaseType, {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { namespace, name },
          spec,
        });
        return true;
      }
      const spec = specSchema.parse(lease.spec ?? {});
      const mine = spec.holderIdentity === identity;
      if (!mine && !this.#expired(lease, spec.holderIdentity, clock.elapsed())) return false;
      const taken = mine ? {} : { acquireTime: times.renewTime, leaseTransitions: (spec.leaseTransitions ?? 0) + 1 };
      await client.replace(leaseType, {
        ...lease,
        spec: { ...(lease.spec as object), holderIdentity: identity, ...times, ...taken },
      });
      return true;
    } catch (error) {
      // Somebody else was quicker, or the server is away: the next try tells.
      if (!(error instanceof ApiError && (error.status === 409 || error.status === 404))) {
        logger.warn({ error: messageOf(error) }, 'the lease could not be reached');
      }
      return false;
    }
  }

  #expired(lease: KubeObject, holder: string | undefined, now: number): boolean {
    if (holder === undefined || holder === '') return true;
    const version = lease.metadata.resourceVersion;
    if (this.#observed === undefined || this.#observed.version !== version) this.#observed = { version, at: now };
    return now - this.#observed.at > leaseTimes.durationMs;
  }
}

/** The result of a call, or undefined as soon as the signal is aborted. */
function orAborted<T>(call: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve) => {
    const stop = () => resolve(undefined);
    signal.addEventListener('abort', stop, { once: true });
    void call.then(resolve).finally(() => signal.removeEventListener('abort', stop));
  });
}
