import { signatures } from './signatures.ts';
import type { Phase } from './status.ts';

/**
 * Reasons of conditions, beside the phases, which `Ready` and `Complete` give as theirs, and what Kubernetes says of the pod
 * that blocks a run. Like the codes of errors they are
 * API: one is added, never renamed.
 */
export const conditionReasons = {
  Starting: 'The first children are being created.',
  Observed: 'The spec has been acted on.',
  Progressing: 'Nothing stands in the way.',
  TopStateIsNoise: 'Sampling may start from N(0, I).',
  StartIsMatched: "Sampling starts from a normal with the data's moments.",
  TopStateNotNoise: 'Samples would start from what no model has seen.',
  NotJudged: 'There is no report yet that losses and samples were looked at for.',
  NoSignature: 'Losses and samples have no failure signature.',
  ...signatures,
  AllTrained: 'Every model is trained.',
  ShareTrained: 'Every model of execution.states is trained; others train the rest.',
  TrainedInPart: 'Models were given up, and the run goes on without them, as sampling.minStates allows.',
  AwaitingModels: 'Models that runs on other clusters train are not in the store yet.',
  LeftToOthers: 'execution.aggregate is false: a run on another cluster does it.',
  Waiting: 'What comes before is not done.',
  Running: 'A Job of the step is at work.',
  Done: 'The step is done.',
  SuspendedByUser: 'spec.suspend is true.',
  NotSuspended: 'spec.suspend is false.',
  NoFailure: 'Nothing has failed.',
  OthersContinue: 'Something has failed; the rest goes on.',
  ModelFailed: 'A model was given up.',
  StepFailed: 'A step other than training was given up.',
  ResultUnknown: 'The pod of the prepare step ended without saying what it found.',
  RetriesExhausted: 'More pods have failed than execution.retries.total allows.',
  DeadlineExceeded: 'The run took longer than execution.deadlines.runSeconds.',
  ChildRefused: 'The API server refuses a child; it is tried again.',
  PodSecurity:
    'The Pod Security level of the namespace forbids pods of a Job, which is not made; it is looked at again.',
  NoPods: 'Kubernetes makes no pod for a Job: a quota on pods or an admission webhook, say.',
  InvalidSpec: 'This operator cannot read the spec.',
} as const satisfies Record<string, string>;

/** Reasons of events, beside the phases, the codes of errors and what Kubernetes says of Jobs and pods. */
export const eventReasons = {
  Created: 'Children were created.',
  ClaimOnOneNode: 'The claim is ReadWriteOnce: all pods of the run have to share one node.',
  ClaimTakenUp: 'The claim of a run of this name before is used: only what is missing there is made.',
  Deleted: 'Jobs that are not wanted any more were deleted.',
  Stopped: 'Pods were asked to save their state and end.',
  Resumed: 'Jobs go on.',
  Retried: 'What had failed is made anew, because the annotation tspace.dev/retry-at has a new value.',
  ModelTrained: 'More models are trained.',
  DatasetChanged: 'The data are others than before, and models are trained anew.',
  AddressesChanged: 'The run was made by a version with other addresses, and models are trained anew.',
  ChildRefused: conditionReasons.ChildRefused,
  PodSecurity: conditionReasons.PodSecurity,
  TopStateNotNoise: conditionReasons.TopStateNotNoise,
  ...signatures,
} as const satisfies Record<string, string>;

export type ConditionReason = keyof typeof conditionReasons | Phase;
export type EventReason = keyof typeof eventReasons | Phase;
