import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryClient } from '../../../../src/local/memoryClient.ts';
import { Objects } from '../../../../src/local/objects.ts';
import { ApiError } from '../../../../src/operator/kube/client.ts';
import { EventRecorder, eventType } from '../../../../src/operator/kube/events.ts';
import { ManualClock, silent } from '../../../helpers/manualClock.ts';

const regarding = { apiVersion: 'v1', kind: 'Run', metadata: { namespace: 'n', name: 'digits', uid: 'u' } };

function recorder() {
  const clock = new ManualClock();
  const objects = new Objects(() => clock.now());
  const options = { client: new MemoryClient(objects, clock), clock, logger: silent, controller: 'c', instance: 'i' };
  const events = () => objects.list(eventType) as unknown as { note: string; reason: string; action: string }[];
  return { clock, events, recorder: new EventRecorder(options) };
}

test('a long message is cut to the bytes that an event may have, at whole characters', async () => {
  const { events, recorder: own } = recorder();
  for (const message of ['√ᾱ'.repeat(1000), `a${'😀'.repeat(1000)}`, 'short'])
    await own.record(regarding, { type: 'Warning', reason: 'R'.repeat(200), message });
  for (const { note, reason, action } of events()) {
    assert.ok(Buffer.byteLength(note) <= 1024 && note.isWellFormed());
    assert.ok(reason.length <= 128 && action.length <= 128);
  }
  assert.deepEqual(
    events()
      .map(({ note }) => Buffer.byteLength(note))
      .sort(),
    [1021, 1023, 5],
  );
});

test('an object that flaps does not flood the cluster with events', async () => {
  const { clock, events, recorder: own } = recorder();
  const flap = async () => {
    for (let i = 0; i < 100; i++) await own.record(regarding, { type: 'Normal', reason: 'R', message: 'm' });
  };
  await flap();
  assert.equal(events().length, 10);
  await clock.advance(60_000);
  await flap();
  assert.equal(events().length, 15);
});

test('however many models have been trained, the end of the run is told', async () => {
  const { events, recorder: own } = recorder();
  for (let i = 0; i < 1000; i++)
    await own.record(regarding, { type: 'Normal', reason: 'ModelTrained', message: `${i}` });
  await own.record(regarding, { type: 'Normal', reason: 'Complete', message: 'The report is written.' });
  assert.equal(events().filter(({ reason }) => reason === 'Complete').length, 1);
});

test('an event that is there, since the answer to a first try was lost, is written', async () => {
  const clock = new ManualClock();
  const warned: string[] = [];
  class Answering extends MemoryClient {
    reason = 'AlreadyExists';
    override async create(): Promise<never> {
      throw new ApiError(409, this.reason, 'a');
    }
  }
  const client = new Answering(new Objects(() => clock.now()), clock);
  const logger = { ...silent, warn: (_details: object, message: string) => warned.push(message) };
  const own = new EventRecorder({ client, clock, logger, controller: 'c', instance: 'i' });
  await own.record(regarding, { type: 'Normal', reason: 'R', message: 'm' });
  assert.deepEqual(warned, []);
  client.reason = 'Conflict';
  await own.record(regarding, { type: 'Normal', reason: 'R', message: 'm' });
  assert.deepEqual(warned, ['event not written']);
});
