import { describe, expect, it } from 'vitest';
import { identifiesCompany, identifiesPerson } from '../../../src/pipeline/unify/identity.ts';

describe('an address', () => {
  it.each(['ann@example.com', 'ann+info@example.com', 'ann.sales@example.com'])(
    '%s stands for one human',
    (email) => expect(identifiesPerson(email)).toBe(true),
  );

  it.each(['info@example.com', 'sales@example.com', 'info+news@example.com', 'sales+2026@example.com'])(
    '%s is of a role, whatever is noted behind its plus',
    (email) => expect(identifiesPerson(email)).toBe(false),
  );
});

it('a domain of everybody stands for no company', () => {
  expect(identifiesCompany('gmail.com')).toBe(false);
  expect(identifiesCompany('example.com')).toBe(true);
});
