import type { Attribute } from '../model/attribute.ts';
import { nameOfAttribute } from './attribute-names.ts';
import type { Segmentation } from './definition.ts';
import { proxyUses, sensitiveUses } from './sensitive.ts';

/** What somebody should know of a definition before publishing it; it may be published all the same. */
export type PrivacyWarning = {
  code: 'proxy' | 'no_purpose' | 'no_basis' | 'sensitive' | 'eligibility';
  message: string;
  action: string;
};

/** Warnings only: what is forbidden is told by checkDefinition. */
export function privacyWarnings(
  definition: Segmentation,
  attributes: readonly Attribute[] = [],
): PrivacyWarning[] {
  const warnings: PrivacyWarning[] = [];
  const nameOf = (one: Pick<Attribute, 'owner' | 'key'>) =>
    nameOfAttribute(one, definition.subject, attributes);
  const proxies = proxyUses(definition, attributes);
  if (proxies.length > 0) {
    warnings.push({
      code: 'proxy',
      message: `${proxies.map(nameOf).join(', ')} can stand in for religion, origin, health or age.`,
      action: 'Check that the segments do not divide people by those without meaning to, or leave it out.',
    });
  }
  const sensitive = [...new Set(sensitiveUses(definition, { attributes }).map(nameOf))];
  if (sensitive.length > 0) {
    warnings.push({
      code: 'sensitive',
      message: `It uses sensitive data: ${sensitive.join(', ')}.`,
      action:
        'Its labels reveal that data to whoever sees them. Make sure that the basis on record covers this.',
    });
  }
  if (definition.subject === 'person' && definition.purpose === undefined) {
    warnings.push({
      code: 'no_purpose',
      message: `No purpose is written down for using it in ${definition.use}.`,
      action: 'Add `purpose`: why these people are profiled.',
    });
  }
  if (definition.subject === 'person' && definition.lawfulBasis === undefined) {
    warnings.push({
      code: 'no_basis',
      message: 'No lawful basis is written down.',
      action: 'Add `lawfulBasis`, such as consent or legitimate_interests.',
    });
  }
  if (definition.use === 'eligibility') {
    warnings.push({
      code: 'eligibility',
      message: 'Its labels affect price, credit or access.',
      action: 'A person releases each target of it, and decisions about one customer need a person, too.',
    });
  }
  return warnings;
}
