import { z } from 'zod';
import { type Clock, sleep } from './clock.ts';
import { ApiError, type Cluster, type KubeObject, type ResourceType } from './cluster.ts';
import { type Logger, messageOf } from './logger.ts';

export const leaseType: ResourceType = { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases' };

/** As client-go: how long a lease holds, how long the leader tries to renew it, how often. */
export const leaseTimes = { durationMs: 15_000, renewWithinMs: 10_000, retryMs: 2_000 };

export interface LeaderElectionOptions {
  cluster: Cluster;
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
      if (await this.#tryAcquire()) {
        logger.info({ identity }, 'leading');
        this.#renewing = this.#renew(onLost);
        return true;
      }
      await sleep(clock, leaseTimes.retryMs, signal);
    }
    return false;
  }

  /** Gives the lease up, so that another need not wait for it to expire. */
  async release(): Promise<void> {
    const { cluster, namespace, name, identity, logger } = this.#options;
    this.#stop.abort();
    await this.#renewing;
    try {
      const lease = await cluster.get(leaseType, namespace, name);
      if (lease === undefined || specSchema.parse(lease.spec).holderIdentity !== identity) return;
      await cluster.replace(leaseType, {
        ...lease,
        spec: { ...(lease.spec as object), holderIdentity: '', leaseDurationSeconds: 1 },
      });
    } catch (error) {
      logger.warn({ error: messageOf(error) }, 'the lease could not be released; it expires by itself');
    }
  }

  async #renew(onLost: () => void): Promise<void> {
    const { clock, logger } = this.#options;
    const { signal } = this.#stop;
    let renewed = clock.now();
    while (!signal.aborted) {
      await sleep(clock, leaseTimes.retryMs, signal);
      if (signal.aborted) return;
      if (await this.#tryAcquire()) {
        renewed = clock.now();
      } else if (clock.now() - renewed > leaseTimes.renewWithinMs) {
        logger.error({}, 'lost the lease');
        onLost();
        return;
      }
    }
  }

  /** Takes or renews the lease. @returns whether this process holds it now; false also where the server cannot be reached */
  async #tryAcquire(): Promise<boolean> {
    const { cluster, namespace, name, identity, clock, logger } = this.#options;
    const now = clock.now();
    const times = { renewTime: microTime(now), leaseDurationSeconds: leaseTimes.durationMs / 1000 };
    try {
      const lease = await cluster.get(leaseType, namespace, name);
      if (lease === undefined) {
        const spec = { holderIdentity: identity, acquireTime: times.renewTime, leaseTransitions: 0, ...times };
        await cluster.create(leaseType, {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { namespace, name },
          spec,
        });
        return true;
      }
      const spec = specSchema.parse(lease.spec ?? {});
      const mine = spec.holderIdentity === identity;
      if (!mine && !this.#expired(lease, spec.holderIdentity, now)) return false;
      const taken = mine ? {} : { acquireTime: times.renewTime, leaseTransitions: (spec.leaseTransitions ?? 0) + 1 };
      await cluster.replace(leaseType, {
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
