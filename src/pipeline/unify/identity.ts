import { domainToASCII } from 'node:url';

/** An address or domain held by more records of one connection than this identifies nobody. */
export const MOST_HOLDERS = 5;

/** A contact with more further addresses than this is a collection of people, who must not become one by it. */
export const MOST_ADDRESSES = 10;

/** Local parts that belong to a function rather than to a human (RFC 2142 and what companies use). */
const ROLES = new Set([
  ...[
    'abuse',
    'accounting',
    'accounts',
    'admin',
    'administrator',
    'billing',
    'bookings',
    'careers',
    'contact',
  ],
  ...['customercare', 'customerservice', 'donotreply', 'email', 'enquiries', 'enquiry', 'events', 'feedback'],
  ...['finance', 'ftp', 'hello', 'help', 'helpdesk', 'hostmaster', 'hr', 'info', 'information', 'inquiries'],
  ...['invoice', 'invoices', 'it', 'jobs', 'kontakt', 'legal', 'mail', 'mailer-daemon', 'marketing', 'media'],
  ...['news', 'newsletter', 'no-reply', 'noc', 'noreply', 'office', 'operations', 'orders', 'payments'],
  ...['postmaster', 'press', 'privacy', 'purchasing', 'reception', 'recruiting', 'root', 'sales', 'security'],
  ...[
    'service',
    'services',
    'shop',
    'spam',
    'staff',
    'subscribe',
    'support',
    'team',
    'tech',
    'test',
    'unsubscribe',
  ],
  ...['usenet', 'uucp', 'web', 'webmaster', 'website', 'www'],
]);

/** Domains whose users share nothing but their mail provider. */
const FREE_MAIL = new Set([
  ...[
    'gmail.com',
    'googlemail.com',
    'yahoo.com',
    'yahoo.co.uk',
    'yahoo.de',
    'yahoo.fr',
    'ymail.com',
    'hotmail.com',
  ],
  ...['hotmail.co.uk', 'hotmail.fr', 'outlook.com', 'live.com', 'msn.com', 'aol.com', 'icloud.com', 'me.com'],
  ...[
    'mac.com',
    'gmx.com',
    'gmx.de',
    'gmx.net',
    'web.de',
    't-online.de',
    'freenet.de',
    'mail.com',
    'mail.ru',
  ],
  ...[
    'yandex.ru',
    'yandex.com',
    'proton.me',
    'protonmail.com',
    'pm.me',
    'zoho.com',
    'fastmail.com',
    'hey.com',
  ],
  ...[
    'qq.com',
    '163.com',
    '126.com',
    'sina.com',
    'naver.com',
    'orange.fr',
    'wanadoo.fr',
    'free.fr',
    'laposte.net',
  ],
  ...[
    'libero.it',
    'tiscali.it',
    'comcast.net',
    'verizon.net',
    'att.net',
    'sbcglobal.net',
    'cox.net',
    'bol.com.br',
  ],
  ...[
    'uol.com.br',
    'terra.com.br',
    'rediffmail.com',
    'btinternet.com',
    'sky.com',
    'bigpond.com',
    'seznam.cz',
  ],
]);

/** Text too long for an address (RFC 5321, 4.5.3.1.3) or a domain is neither. */
const MAX_ADDRESS_LENGTH = 254;

/**
 * The e-mail as an identity: trimmed, lower case, the domain in its ASCII form (IDNA). Dots and plus tags stay:
 * whether they matter is the mail provider's business. Null where the text is not one address.
 */
export function normaliseEmail(raw: string): string | null {
  const text = raw.trim().normalize('NFC').toLowerCase();
  const at = text.lastIndexOf('@');
  const local = text.slice(0, at);
  const domain = asciiDomain(text.slice(at + 1));
  if (at < 1 || domain === null || /[\s@,;<>()]/.test(local)) return null;
  const email = `${local}@${domain}`;
  return email.length > MAX_ADDRESS_LENGTH ? null : email;
}

/** The domain of a website or domain property: no scheme, path, port or leading `www.`; null where it is none. */
export function normaliseDomain(raw: string): string | null {
  const host = raw
    .trim()
    .toLowerCase()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//, '')
    .replace(/^[^/@]*@/, '')
    .split(/[/?#:]/, 1)[0];
  return asciiDomain((host ?? '').replace(/^www\d?\./, '').replace(/\.$/, ''));
}

function asciiDomain(text: string): string | null {
  const domain = text.length > MAX_ADDRESS_LENGTH ? '' : domainToASCII(text);
  return /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/.test(domain) ? domain : null;
}

/** Does an address that passed `normaliseEmail` stand for one human? */
export function identifiesPerson(email: string): boolean {
  const local = email.slice(0, email.lastIndexOf('@'));
  return !ROLES.has(local.split('+', 1)[0] ?? local);
}

/** Does a domain that passed `normaliseDomain` stand for one company? */
export function identifiesCompany(domain: string): boolean {
  return !FREE_MAIL.has(domain);
}

const CROSS_REFERENCE = /^cross_([a-z0-9]+)_id$/;

/**
 * The system that a cross reference points to: attributes named `cross_<system>_id` hold a record's id in another
 * CRM (HubSpot's `salesforcecontactid` is mapped to `cross_salesforce_id`). They have no column.
 */
export function crossReferenceSystem(attribute: string): string | undefined {
  return CROSS_REFERENCE.exec(attribute)?.[1];
}
