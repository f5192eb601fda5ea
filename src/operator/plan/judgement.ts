import type { ConditionReason } from '../../api/reasons.ts';
import type { Condition } from '../../api/status.ts';

/** What a condition says, but for its type and time. */
export interface Judgement extends Pick<Condition, 'status' | 'message'> {
  reason: ConditionReason;
}

export const yes = (reason: ConditionReason, message: string): Judgement => ({ status: 'True', reason, message });
export const no = (reason: ConditionReason, message: string): Judgement => ({ status: 'False', reason, message });
