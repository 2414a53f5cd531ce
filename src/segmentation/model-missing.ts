import { AppError } from '../errors.ts';
import type { Segmentation } from './definition.ts';

export function modelMissing(definition: Pick<Segmentation, 'name'>): AppError {
  return new AppError(
    'model_missing',
    `${definition.name} has not learned from the data yet. Its labels stay as they are.`,
    {
      action: 'Start a run: it learns first.',
      retryable: true,
    },
  );
}
