import { z } from 'zod';

type Block<F extends z.ZodRawShape> = z.ZodPrefault<z.ZodObject<F, z.core.$strict>>;
type Overridable<F> = {
  [K in keyof F]: F[K] extends z.ZodDefault<infer I extends z.ZodType>
    ? z.ZodOptional<I>
    : F[K] extends Block<infer G>
      ? z.ZodOptional<z.ZodObject<Overridable<G>, z.core.$strict>>
      : never;
};

function optional(name: string, field: z.core.$ZodType): z.ZodType {
  if (field instanceof z.ZodDefault) return (field.unwrap() as z.ZodType).optional();
  if (field instanceof z.ZodPrefault) return overridable(name, field as Block<z.ZodRawShape>).optional();
  throw new Error(`${name} has no default that an override could replace`);
}

/**
 * A block of the spec as an override has it: every field is optional, so that one that is left out keeps what the run says.
 * @param name of the block, for its description
 */
export function overridable<F extends z.ZodRawShape>(
  name: string,
  block: Block<F>,
): z.ZodObject<Overridable<F>, z.core.$strict> {
  const fields = Object.entries(block.unwrap().shape).map(
    ([field, schema]) => [field, optional(field, schema)] as const,
  );
  const schema: z.ZodType = z.strictObject(Object.fromEntries(fields)).describe(`Replaces fields of ${name}.`);
  return schema as z.ZodObject<Overridable<F>, z.core.$strict>;
}
