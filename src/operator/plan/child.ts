import type { Component } from '../../api/names.ts';
import type { Task } from '../../api/task.ts';
import type { ModelPlan } from './identity.ts';
import type { ObservedJob } from './observed.ts';

/** A Job as the run wants it. */
export interface WantedJob {
  step: Component;
  name: string;
  /** Address of what it makes. */
  hash: string;
  task: Task;
  /** Of training Jobs: which model. */
  model?: ModelPlan;
  /** Of sampling Jobs: pods, each with its index. */
  shards?: number;
}

/** Where a child is. `absent` also covers one that is being deleted, or made anew: its name is free again when it has gone. */
export type ChildPhase = 'absent' | 'active' | 'done' | 'failed';

/** A Job that the run wants, next to the one that there is. */
export interface Child {
  step: Component;
  model: ModelPlan | undefined;
  /** Undefined while its address is not known, because the data have not been read. */
  wanted: WantedJob | undefined;
  phase: ChildPhase;
  job: ObservedJob | undefined;
}

export function phaseOfJob(job: ObservedJob | undefined): ChildPhase {
  if (job === undefined || (job.deleting && job.finished === undefined)) return 'absent';
  if (job.finished === 'Complete') return 'done';
  return job.finished === 'Failed' ? 'failed' : 'active';
}

export const isDone = (children: readonly Child[]): boolean => children.every(({ phase }) => phase === 'done');

export const countOf = (children: readonly Child[], phase: ChildPhase): number =>
  children.filter((child) => child.phase === phase).length;
