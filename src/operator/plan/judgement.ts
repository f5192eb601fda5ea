import type { ConditionReason } from '../../api/reasons.ts';
import type { Condition } from '../../api/status.ts';

/** What a condition says, but for its type and time. */
export type Judgement = Pick<Condition, 'status' | 'reason' | 'message'>;

export const yes = (reason: ConditionReason, message: string): Judgement => ({ status: 'True', reason, message });
export const no = (reason: ConditionReason, message: string): Judgement => ({ status: 'False', reason, message });

/** The same with what Kubernetes says of a pod as its reason, which we do not choose. */
export const because = (status: Condition['status'], reason: string, message: string): Judgement => ({
  status,
  reason,
  message,
});
