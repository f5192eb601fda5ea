import assert from 'node:assert/strict';
import { test } from 'node:test';
import { History, type ObjectChange } from '../../../src/local/history.ts';

const change = (name: string): ObjectChange => ({
  type: 'ADDED',
  object: { apiVersion: 'v1', kind: 'Pod', metadata: { name } },
  before: undefined,
});
const namesSince = (history: History, version: number) =>
  history.since(version).map(({ object }) => object.metadata.name);

test('a late watcher is told of what came after its version', () => {
  const history = new History(3);
  for (const version of [1, 2, 3]) history.add(version, change(`v${version}`));
  assert.deepEqual(namesSince(history, 1), ['v2', 'v3']);
  assert.deepEqual(namesSince(history, 3), []);
});

test('a version of which later changes are forgotten has expired', () => {
  const history = new History(2);
  for (const version of [1, 2, 3, 4]) history.add(version, change(`v${version}`));
  assert.deepEqual(namesSince(history, 2), ['v3', 'v4']);
  assert.throws(() => history.since(1), { status: 410, reason: 'Expired' });
});

test('a listener hears of every change until it ends its subscription, also from inside one', () => {
  const history = new History(5);
  const heard: string[] = [];
  const end = history.subscribe(({ object }) => {
    heard.push(object.metadata.name);
    if (heard.length === 2) end();
  });
  for (const version of [1, 2, 3]) history.add(version, change(`v${version}`));
  assert.deepEqual(heard, ['v1', 'v2']);
});
