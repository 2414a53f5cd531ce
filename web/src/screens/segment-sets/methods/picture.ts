import type { Answer } from '../../../api.ts';

type Picture = NonNullable<Answer<'POST /api/segmentations/picture'>['picture']>;
type Having<P, M> = P extends { method: infer Own } ? (M extends Own ? P : never) : never;
export type PictureOf<M extends Picture['method']> = Having<Picture, M>;
export type Bins = PictureOf<'tiers'>['bins'];
export type Cuts = PictureOf<'tiers'>['cuts'];

/** Short enough for an axis: 1,200 or 0.35. */
export const rounded = (value: number): string =>
  value.toLocaleString('en', {
    maximumFractionDigits: Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 1 ? 1 : 2,
  });
