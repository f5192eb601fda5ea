import { ApiError } from '../kube/client.ts';
import type { Cause } from '../plan/refused.ts';

/** An object that is not the run's has the name of one of its children. */
export class NameTaken extends Error {}

/** Pods of a Job would be forbidden where it is to be made. */
export class PodsForbidden extends Error {}

/** Answers that ask to come again, or that only the state of the moment explains. */
const passing = [408, 409, 429, 502, 503, 504];

/**
 * Why a child was refused; undefined where it was not it that was not taken (a field, a quota, a webhook): a server that is
 * away has refused nothing.
 */
export function causeOf(error: unknown): Cause | undefined {
  if (error instanceof PodsForbidden) return { reason: 'PodSecurity', message: error.message };
  const isRefusal = error instanceof NameTaken || (error instanceof ApiError && !passing.includes(error.status));
  return isRefusal ? { reason: 'ChildRefused', message: error.message } : undefined;
}
