/**
 * Signatures of a training that went wrong, the most telling first: what arXiv 2508.14413 names (samples without contrast, a
 * model out of step with its neighbours) and what every training has (a loss that rises or stands still). They are API as the
 * reasons of conditions and events: one is added, never renamed.
 */
export const signatures = {
  LossRising: 'The loss of a model is much higher at the end of its training than it was before.',
  LossStalled: 'The loss of a model has stopped falling before the model has learned much.',
  StateBehind: "A model's loss, or the image that it predicts, does not fit those of the states beside it.",
  WashedOut: 'Samples have much less contrast than the data, or another mean.',
} as const satisfies Record<string, string>;

export type Signature = keyof typeof signatures;

export const signatureNames = Object.keys(signatures) as [Signature, ...Signature[]];
