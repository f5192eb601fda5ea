/** How many of the states have a model, as every number of a bundle with holes is captioned. */
export const coverageText = (covered: number, states: number): string => `${covered} of ${states} states`;
