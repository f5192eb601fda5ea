import { z } from 'zod';

/**
 * Kubernetes' quantities that are 0 or more: an optional sign, a number that may begin or end with its point, and a suffix
 * or a decimal exponent. An exponent of many digits keeps an API server busy for minutes, so it has three at most.
 */
const pattern = /^\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)(n|u|m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi|E|Ei|[eE][-+]?0*[0-9]{1,3})?$/;

const message =
  'must be a Kubernetes quantity of 0 or more: a number, or text such as "500m", "1.5", "1e9" or "20Gi"; nothing stands between number and suffix';

const text = z.string().max(64).regex(pattern, message);

/** A quantity in a field of its own. In a rule of CEL it is text or a whole number; there is no half of a byte. */
export const wholeQuantity = z
  .union([text, z.int().min(0, message).max(Number.MAX_SAFE_INTEGER)], { error: message })
  .transform(String);

/** A quantity in a list of resources, which may be a fraction: `cpu: 0.5`. */
export const anyQuantity = z.union([text, z.number().min(0, message)], { error: message }).transform(String);

const decimal: Record<string, number> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binary = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** The power of ten that a suffix stands for. */
const powerOf = (suffix: string): number =>
  decimal[suffix] ?? (/^[eE]./.test(suffix) ? Number.parseInt(suffix.slice(1), 10) : 0);

/** A quantity in billionths, the smallest that Kubernetes tells apart; it rounds up. */
export function billionthsOf(quantity: string): bigint {
  const [, number = '0', , suffix = ''] = pattern.exec(quantity) ?? [];
  const [whole = '', fraction = ''] = number.split('.');
  const units = BigInt(`${whole}${fraction}`) * 1024n ** BigInt(binary.indexOf(suffix) + 1);
  const power = 9 - fraction.length + powerOf(suffix);
  if (power >= 0) return units * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return (units + divisor - 1n) / divisor;
}

/** Whether a text is a quantity of 0 or more. */
export const isQuantity = (value: string): boolean => text.safeParse(value).success;
