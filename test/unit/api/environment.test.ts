import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { flag, logLevel, parseVariables, port, wholeNumber } from '../../../src/api/environment.ts';

const schema = z.object({
  PORT: port.default(8080),
  LEVEL: logLevel.optional(),
  FLAG: flag.optional(),
  COUNT: wholeNumber(1, 9).optional(),
});
const parse = (variables: NodeJS.ProcessEnv) => parseVariables(schema, variables, 'InvalidTask', 'environment');

test('an empty variable counts as not set, and those that nobody asked for are passed over', () => {
  assert.deepEqual(parse({ PORT: '', LEVEL: 'warn', FLAG: 'true', HOME: '/' }), {
    PORT: 8080,
    LEVEL: 'warn',
    FLAG: true,
  });
});

test('every wrong variable is named, in one line', () => {
  assert.throws(() => parse({ PORT: '65536', LEVEL: 'loud', FLAG: 'yes', COUNT: '3' }), {
    code: 'InvalidTask',
    where: 'environment',
    message: /^PORT: [^\n]*; LEVEL: [^\n]*; FLAG: [^\n]*$/,
  });
});

test('a number is written in decimal digits', () => {
  for (const text of ['0x1', '1e0', ' 5', '5 ', '-1', '+1', '1.0'])
    assert.throws(() => parse({ COUNT: text }), /COUNT/, text);
  assert.deepEqual(parse({ COUNT: '9' }).COUNT, 9);
});
