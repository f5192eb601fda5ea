import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Interruption } from '../../../src/cli/interruption.ts';

function listen(t: TestContext, isOrphan?: () => boolean) {
  const source = new EventEmitter();
  const state = { source, at: 0, first: 0 };
  const interruption = new Interruption({
    source,
    now: () => state.at,
    onFirst: () => state.first++,
    ...(isOrphan === undefined ? {} : { isOrphan }),
  });
  t.after(() => interruption.end());
  return { ...state, interruption, state };
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  test(`${signal} asks to save and stop`, (t) => {
    const { source, interruption, state } = listen(t);
    assert.equal(interruption.asked, false);
    source.emit(signal);
    assert.deepEqual([interruption.asked, interruption.atOnce, state.first], [true, false, 1]);
  });
}

test('a second signal asks to stop at once, unless it is the echo of the first', (t) => {
  const { source, interruption, state } = listen(t);
  source.emit('SIGINT');
  state.at = 300; // npm passes on what the terminal has sent to all
  source.emit('SIGINT');
  assert.equal(interruption.atOnce, false);
  state.at = 2000;
  source.emit('SIGINT');
  assert.deepEqual([interruption.atOnce, state.first], [true, 1]);
});

test('a terminal that goes asks for no more than to save, however often it is noticed', (t) => {
  const { source, interruption, state } = listen(t);
  source.emit('SIGHUP');
  state.at = 5000;
  source.emit('SIGHUP');
  assert.deepEqual([interruption.asked, interruption.atOnce], [true, false]);
});

test('the end of the parent is a hang-up', async (t) => {
  let orphan = false;
  const { interruption } = listen(t, () => orphan);
  await wait(300);
  assert.equal(interruption.asked, false);
  orphan = true;
  for (let i = 0; !interruption.asked && i < 50; i++) await wait(50);
  assert.deepEqual([interruption.asked, interruption.atOnce], [true, false]);
});

test('nobody listens after the end', (t) => {
  const { source, interruption, state } = listen(t);
  interruption.end();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) assert.equal(source.emit(signal), false);
  assert.equal(state.first, 0);
});
