import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isPutOff,
  nextTry,
  nothingRefused,
  type Refusal,
  refusalReason,
  refusalText,
  stillRefused,
} from '../../../../src/operator/plan/refused.ts';

const refusal = (message: string, until: number, reason: Refusal['reason'] = 'ChildRefused') => ({
  reason,
  message,
  until,
});
const refused = new Map(['a', 'b', 'c', 'd', 'e'].map((name, i) => [name, refusal(`no ${name}`, i * 1000)]));

test('a refused child is put off until its time has come', () => {
  const now = new Date(2000);
  assert.deepEqual(
    [...refused.keys(), 'f'].map((name) => isPutOff(refused, name, now)),
    [false, false, false, true, true, false],
  );
  assert.equal(nextTry(refused, now), 1000);
  assert.equal(nextTry(nothingRefused, now), undefined);
});

test('the first few of them are named, and the others counted', () => {
  const text = refusalText(refused);
  assert.match(text, /^5 children were refused/);
  assert.match(text, /a: no a\nb: no b\nc: no c\nand 2 more$/);
  assert.match(refusalText(new Map([['a', refusal('m', 0)]])), /^A child was refused.* a: m$/);
});

test('the reason is the one that all share', () => {
  const forbidden = ['a', refusal('m', 0, 'PodSecurity')] as const;
  assert.equal(refusalReason(new Map([forbidden])), 'PodSecurity');
  assert.equal(refusalReason(new Map([forbidden, ['b', refusal('m', 0)]])), 'ChildRefused');
});

test('a Job that is there after all, made by a try whose answer was lost, is refused no more', () => {
  assert.deepEqual([...stillRefused(refused, [{ name: 'b' }, { name: 'e' }]).keys()], ['a', 'c', 'd']);
  assert.equal(stillRefused(nothingRefused, [{ name: 'b' }]), nothingRefused);
});
