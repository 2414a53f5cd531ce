import { z } from 'zod';

const Subscription = z.object({
  subscriptionType: z.string(),
  objectType: z.string().optional(),
  propertyName: z.string().optional(),
});
const Webhooks = z.object({
  config: z.object({ subscriptions: z.record(z.string(), z.array(Subscription)) }),
});

/** What the file of before subscribed to and the one of now no longer names, not even as inactive. */
export function lostSubscriptions(before: string | null, now: string | null): string[] {
  const kept = new Set(names(now));
  return names(before).filter((name) => !kept.has(name));
}

const names = (text: string | null) =>
  text === null
    ? []
    : Object.values(Webhooks.parse(JSON.parse(text)).config.subscriptions)
        .flat()
        .map(({ subscriptionType, objectType, propertyName }) =>
          [objectType, subscriptionType, propertyName].filter(Boolean).join(' '),
        );
