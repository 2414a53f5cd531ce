import { type CrmContext, hubspot } from '@hubspot/ui-extensions';
import { useCallback, useEffect, useRef, useState } from 'react';
import { CardView } from './CardView.tsx';
import type { CardAnswer } from './card-answer.ts';
import { Failed, Loading, SignedOut } from './notices.tsx';
import { type Reading, readCard } from './read-card.ts';

hubspot.extend<'crm.record.tab'>(({ context }) => <SegmentCard context={context} />);

/** What is on the screen: the last answer stays while the next one is asked for, and when that fails. */
type Shown = {
  isLoading: boolean;
  answer: CardAnswer | null;
  problem: Exclude<Reading, { kind: 'answer' }> | null;
};

export function SegmentCard({ context }: { context: Pick<CrmContext, 'crm' | 'portal'> }) {
  const { objectId, objectTypeId } = context.crm;
  const [shown, setShown] = useState<Shown>({ isLoading: true, answer: null, problem: null });
  const asked = useRef(0);

  const refresh = useCallback(async () => {
    asked.current += 1;
    const mine = asked.current;
    setShown((before) => ({ ...before, isLoading: true }));
    const reading = await readCard({ objectId, objectTypeId });
    // An answer to an earlier question, or about another record, comes too late.
    if (mine !== asked.current) return;
    setShown((before) =>
      reading.kind === 'answer'
        ? { isLoading: false, answer: reading.answer, problem: null }
        : { ...before, isLoading: false, problem: reading },
    );
  }, [objectId, objectTypeId]);

  useEffect(() => {
    setShown({ isLoading: true, answer: null, problem: null });
    void refresh();
    return () => {
      asked.current += 1;
    };
  }, [refresh]);

  const { isLoading, answer, problem } = shown;
  if (problem?.kind === 'signed_out') return <SignedOut isLoading={isLoading} onRefresh={refresh} />;
  if (answer !== null) {
    return (
      <CardView
        answer={answer}
        failure={problem}
        isLoading={isLoading}
        now={Date.now()}
        onRefresh={refresh}
        timeZone={context.portal.timezone}
      />
    );
  }
  if (problem !== null) return <Failed failure={problem} isLoading={isLoading} onRefresh={refresh} />;
  return <Loading />;
}
