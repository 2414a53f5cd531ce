import type { Sketch } from '../explain-sketch.ts';

/** Why nobody gets a label of a method whose model could not be learned: nothing about the customer would change that. */
export function notApplicable(reason: string | null, truth: string): Sketch {
  return {
    kind: 'test',
    isFact: true,
    topic: { name: 'model', type: 'text', isVisible: true },
    threshold: `not applicable: ${(reason ?? '').replace(/\.+$/, '')}`,
    test: null,
    value: null,
    truth,
  };
}
