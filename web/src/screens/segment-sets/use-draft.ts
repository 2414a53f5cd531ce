import { useDebouncedValue } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import type { Segmentation } from '../../../../src/segmentation/definition.ts';
import type { Answer } from '../../api.ts';
import { useAsk } from '../../ask.ts';

export type Desk = Answer<'GET /api/segmentations/:key'>;
export type Preview = Answer<'POST /api/segmentations/preview'>;

/** What was edited last: the form's definition, or the text. */
type Source = { definition: Segmentation } | { text: string };

/** Typing pauses this long before anything is asked. */
const PAUSE_MS = 300;

/**
 * A definition as one person edits it, in forms and as YAML at once: the server reads and writes the YAML, checks both
 * and counts. `epoch` moves where the forms have to be drawn anew.
 */
export function useDraft(desk: Desk) {
  const [definition, setDefinition] = useState<Segmentation>(desk.definition as Segmentation);
  const [source, setSource] = useState<Source>({ definition: desk.definition as Segmentation });
  const [epoch, setEpoch] = useState(0);
  const [isDirty, setIsDirty] = useState(false);
  const [unfinished, setUnfinished] = useState<Record<string, string[]>>({});

  const [asked] = useDebouncedValue(source, PAUSE_MS);
  const check = useAsk('POST /api/segmentations/check', { body: asked });
  const isChecked = asked === source && !check.isPlaceholderData && check.data !== undefined;
  const problems = isChecked ? (check.data?.problems ?? []) : [];
  const gaps = Object.values(unfinished).flat();

  // Text that reads well becomes the definition that the forms show.
  useEffect(() => {
    if (!isChecked || !('text' in source)) return;
    const read = check.data;
    if (!read?.definition || read.problems.length > 0) return;
    setDefinition(read.definition as Segmentation);
    setUnfinished({});
    setEpoch((before) => before + 1);
  }, [isChecked, source, check.data]);

  const [counted] = useDebouncedValue(definition, PAUSE_MS);
  const canCount = problems.length === 0 && gaps.length === 0;
  const preview = useAsk(
    'POST /api/segmentations/preview',
    { body: { definition: { ...counted }, samples: 5 } },
    { enabled: canCount && (check.data?.problems.length ?? 1) === 0 },
  );

  return {
    definition,
    epoch,
    isDirty,
    check,
    problems,
    gaps,
    preview,
    isCounting: preview.isFetching || asked !== source || counted !== definition,
    canSave: isDirty && isChecked && problems.length === 0 && gaps.length === 0,
    text: 'text' in source ? source.text : (check.data?.yaml ?? desk.yaml),
    body: 'text' in source ? { text: source.text } : { definition: { ...definition } },
    change: (next: Segmentation) => {
      setDefinition(next);
      setSource({ definition: next });
      setIsDirty(true);
    },
    write: (text: string) => {
      setSource({ text });
      setIsDirty(true);
    },
    /** A part of the form lacks something; an empty list takes that back. */
    lacks: (part: string, missing: string[]) => {
      setUnfinished(({ [part]: _, ...rest }) => (missing.length > 0 ? { ...rest, [part]: missing } : rest));
      if (missing.length > 0) setIsDirty(true);
    },
    /** Goes on from what the server has. */
    reset: (from: Segmentation) => {
      setDefinition(from);
      setSource({ definition: from });
      setUnfinished({});
      setIsDirty(false);
      setEpoch((before) => before + 1);
    },
    saved: () => setIsDirty(false),
  };
}
export type Draft = ReturnType<typeof useDraft>;
