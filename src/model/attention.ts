import { z } from 'zod';

/** How a segment asks for the owners of its customers: as long as one is in it, or when one comes into it. */
export const Attention = z.enum(['at_risk', 'new']);
export type Attention = z.infer<typeof Attention>;
