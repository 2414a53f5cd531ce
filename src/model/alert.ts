import { z } from 'zod';

/** What somebody is told of without having to look. */
export const AlertKind = z.enum(['run_failed', 'brake', 'refusals', 'drift', 'connection', 'review']);
export type AlertKind = z.infer<typeof AlertKind>;

export const AlertChannel = z.enum(['email', 'slack', 'webhook']);
export type AlertChannel = z.infer<typeof AlertChannel>;

/** Where a tenant's alerts go, and which. The addresses of incoming webhooks are secrets. */
export const AlertSettings = z.object({
  emails: z.array(z.email().max(254)).max(20).default([]),
  slackUrl: z.string().nullable().default(null),
  webhookUrl: z.string().nullable().default(null),
  kinds: z.array(AlertKind).default([...AlertKind.options]),
  /** Refused records of one rule, as a share of the object's records, from which on somebody is told. */
  refusalShare: z.number().min(0).max(1).default(0.01),
  refusalLeast: z.number().int().min(1).default(10),
});
export type AlertSettings = z.infer<typeof AlertSettings>;

/** Something that lasts until somebody or something ends it. */
export type Incident = {
  kind: AlertKind;
  /** What it is about within its kind; one incident each. */
  subject: string;
  title: string;
  message: string;
  action: string;
  /** A page of the workspace. */
  path: string;
};
