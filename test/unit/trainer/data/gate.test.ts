import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Gate } from '../../../../src/trainer/data/gate.ts';

test('many pass together; one that is alone waits for those before it, and those after it wait for it', async () => {
  const gate = new Gate();
  const log: string[] = [];
  const work = (name: string, milliseconds: number) => async () => {
    log.push(`${name} in`);
    await wait(milliseconds);
    log.push(`${name} out`);
  };
  await Promise.all([
    gate.together(work('a', 20)),
    gate.together(work('b', 5)),
    gate.alone(work('c', 5)),
    gate.together(work('d', 1)),
  ]);
  assert.deepEqual(log, ['a in', 'b in', 'b out', 'a out', 'c in', 'c out', 'd in', 'd out']);
});

test('what fails is told to its caller, and holds up nobody', async () => {
  const gate = new Gate();
  const fail = async () => {
    throw new Error('damaged');
  };
  await assert.rejects(gate.together(fail), /damaged/);
  await assert.rejects(gate.alone(fail), /damaged/);
  assert.equal(await gate.alone(async () => 1), 1);
  assert.equal(await gate.together(async () => 2), 2);
});
