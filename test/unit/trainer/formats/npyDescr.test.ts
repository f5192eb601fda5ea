import assert from 'node:assert/strict';
import { test } from 'node:test';
import { typeOfDescr } from '../../../../src/trainer/formats/npyDescr.ts';

test('a type is known by code and by name, with any byte order or none', () => {
  for (const descr of ['<u1', '|u1', '=u1', '>u1', 'u1', 'B', 'uint8'])
    assert.equal(typeOfDescr(descr, 'x').type, 'uint8');
  for (const descr of ['<f8', 'f8', '=d', 'float', 'double', 'float64'])
    assert.deepEqual(typeOfDescr(descr, 'x'), { type: 'float64', bigEndian: false });
  assert.deepEqual(typeOfDescr('>i8', 'x'), { type: 'int64', bigEndian: true });
});

test('what is no plain number is refused by what it is, with a remedy', () => {
  for (const [descr, message] of [
    ['|O', /Python objects/],
    ['<U5', /strings/],
    ['|S3', /strings/],
    ['<c16', /complex numbers/],
    ['F', /complex numbers/],
    ['<M8[ns]', /dates or durations/],
    ['m8', /dates or durations/],
    ['|V4', /raw bytes/],
    ['<f16', /extended floats/],
    ['f4,f4', /records/],
  ] as const)
    assert.throws(() => typeOfDescr(descr, 'a.npy'), { code: 'InputForeign', where: 'a.npy', message, hint: /Save/i });
  const fields = { sequence: 'list', items: [{ sequence: 'tuple', items: ['a', '<f4'] }] } as const;
  assert.throws(() => typeOfDescr({ ...fields, items: [...fields.items] } as never, 'x'), { message: /records/ });
});

test('what NumPy does not know is refused as that, shown within reason', () => {
  for (const descr of ['f3', '<float32', '', '<', 'Float64', '@f8', 'constructor'])
    assert.throws(() => typeOfDescr(descr, 'x'), { code: 'InputForeign', message: /NumPy does not know/ });
  assert.throws(
    () => typeOfDescr('z'.repeat(5000), 'x'),
    ({ message }: Error) => message.length < 150,
  );
  assert.throws(() => typeOfDescr(null, 'x'), { message: /no type: null/ });
});
