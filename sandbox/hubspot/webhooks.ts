import { createHash, createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { OBJECTS, objectType } from './object-types.ts';
import type { Portal, PortalEvent } from './portal.ts';

/** Where events go and which: `contact.propertyChange` with or without a property, `deal.creation` and so on. */
export const WebhookTarget = z.object({
  targetUrl: z.url(),
  subscriptions: z
    .array(z.object({ subscriptionType: z.string(), propertyName: z.string().optional() }))
    .min(1),
  /** How long events are gathered into one call. */
  gatherMs: z.number().min(0).default(20),
  retryMs: z.number().min(0).default(1_000),
});
export type WebhookTarget = z.input<typeof WebhookTarget>;

const MOST_EVENTS = 100;
const TIMEOUT_MS = 5_000;
const ATTEMPTS = 10;

type Sent = Record<string, unknown> & { attemptNumber: number };

/** Sends what happens in the portal to the app: in batches, signed, again after an error; order is not promised. */
export class WebhookSender {
  readonly #portal: Portal;
  readonly #app: { id: number; clientSecret: string };
  #target: z.output<typeof WebhookTarget> | undefined;
  #waiting: Sent[] = [];
  #gathering = false;
  #stopped = new AbortController();
  #nextEventId = 1;
  delivered = 0;
  lost = 0;
  /** Calls that are not answered yet, or wait to be sent again. */
  #calls = 0;

  constructor(portal: Portal, app: { id: number; clientSecret: string }) {
    this.#portal = portal;
    this.#app = app;
    portal.onEvent = (event) => this.#take(event);
  }

  subscribe(target: WebhookTarget | null): void {
    this.#target = target === null ? undefined : WebhookTarget.parse(target);
  }

  /** Whatever is not told yet: 0 once everybody has heard of everything. */
  get underWay(): number {
    return this.#waiting.length + this.#calls;
  }

  stop(): void {
    this.#stopped.abort();
    this.#target = undefined;
  }

  #take(event: PortalEvent): void {
    const subscriptions = this.#target?.subscriptions ?? [];
    subscriptions.forEach((subscription, index) => {
      const [what = '', action = ''] = event.subscriptionType.split('.');
      const isGeneric = subscription.subscriptionType === `object.${action}`;
      if (subscription.subscriptionType !== event.subscriptionType && !isGeneric) return;
      if (subscription.propertyName !== undefined && subscription.propertyName !== event.propertyName) return;
      const type = objectType(what);
      const { more, ...common } = event;
      this.#waiting.push({
        ...common,
        ...more,
        ...(event.objectId !== undefined && { objectId: Number(event.objectId) }),
        subscriptionType: subscription.subscriptionType,
        // Told of every generic event but that of an association.
        ...(isGeneric && type && action !== 'associationChange' && { objectTypeId: OBJECTS[type].typeId }),
        eventId: this.#nextEventId,
        subscriptionId: index + 1,
        portalId: this.#portal.id,
        appId: this.#app.id,
        attemptNumber: 0,
      });
      this.#nextEventId += 1;
    });
    if (this.#waiting.length === 0 || this.#gathering) return;
    this.#gathering = true;
    setTimeout(() => this.#flush(), this.#target?.gatherMs ?? 0).unref();
  }

  #flush(): void {
    this.#gathering = false;
    const target = this.#target;
    while (target && this.#waiting.length > 0)
      void this.#deliver(target, this.#waiting.splice(0, MOST_EVENTS));
  }

  async #deliver(target: z.output<typeof WebhookTarget>, events: Sent[]): Promise<void> {
    this.#calls += 1;
    await this.#send(target, events);
    this.#calls -= 1;
  }

  async #send(target: z.output<typeof WebhookTarget>, events: Sent[]): Promise<void> {
    for (let attempt = 0; attempt <= ATTEMPTS && !this.#stopped.signal.aborted; attempt += 1) {
      for (const event of events) event.attemptNumber = attempt;
      if (await this.#post(target.targetUrl, JSON.stringify(events))) {
        this.delivered += events.length;
        return;
      }
      await sleep(target.retryMs, undefined, { ref: false });
    }
    this.lost += events.length;
  }

  /** Any answer but 2xx within five seconds is a failure, whatever its cause. */
  async #post(url: string, body: string): Promise<boolean> {
    const timestamp = String(this.#portal.clock.now());
    const secret = this.#app.clientSecret;
    try {
      const response = await fetch(url, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          'x-hubspot-signature': createHash('sha256')
            .update(secret + body)
            .digest('hex'),
          'x-hubspot-signature-version': 'v1',
          'x-hubspot-request-timestamp': timestamp,
          'x-hubspot-signature-v3': createHmac('sha256', secret)
            .update(`POST${url}${body}${timestamp}`)
            .digest('base64'),
        },
        signal: AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      return false;
    }
  }
}
