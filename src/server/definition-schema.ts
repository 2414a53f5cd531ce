import { z } from 'zod';
import type { Segmentation } from '../segmentation/definition.ts';

/** A definition in an answer: it passed its own schema when it was stored. */
export const DefinitionAnswer = z
  .custom<Segmentation>((value) => typeof value === 'object' && value !== null)
  .meta({ override: { type: 'object', description: 'A segmentation, as in docs/conditions.md' } });

/** A definition in a request, of any shape: what is wrong with it is told with its place. */
export const DefinitionGiven = z
  .record(z.string(), z.unknown())
  .describe('A segmentation, as in docs/conditions.md');

/** A definition as YAML or JSON text. */
export const TextGiven = z.string().max(900_000, 'a definition has 900,000 characters at most');

export const SetParams = z.strictObject({ key: z.string().max(60) });
