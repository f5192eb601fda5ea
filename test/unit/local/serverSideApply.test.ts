import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyFields, type Claims } from '../../../src/local/serverSideApply.ts';

const spec = (fields: object) => ({ spec: fields });

test('ports of another protocol are other entries, and TCP may be left out', () => {
  const managers = new Map<string, Claims>();
  const first = applyFields<object>({}, spec({ ports: [{ containerPort: 80, protocol: 'UDP' }] }), 'a', managers);
  const second = applyFields(first, spec({ ports: [{ containerPort: 80 }] }), 'b', managers);
  assert.deepEqual(second, spec({ ports: [{ containerPort: 80, protocol: 'UDP' }, { containerPort: 80 }] }));
  const third = applyFields(
    second,
    spec({ ports: [{ containerPort: 80, protocol: 'TCP', name: 'web' }] }),
    'b',
    managers,
  );
  assert.deepEqual(
    third,
    spec({
      ports: [
        { containerPort: 80, protocol: 'UDP' },
        { containerPort: 80, protocol: 'TCP', name: 'web' },
      ],
    }),
  );
  assert.deepEqual(
    applyFields(third, spec({}), 'b', managers),
    spec({ ports: [{ containerPort: 80, protocol: 'UDP' }] }),
  );
});

test('lists without keys are replaced as a whole', () => {
  const managers = new Map<string, Claims>();
  const first = applyFields<object>({}, spec({ tolerations: [{ key: 'a' }] }), 'a', managers);
  assert.deepEqual(
    applyFields(first, spec({ tolerations: [{ key: 'b' }] }), 'a', managers),
    spec({ tolerations: [{ key: 'b' }] }),
  );
});
