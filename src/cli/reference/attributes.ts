import { AttributeOwner } from '../../model/attribute.ts';
import { type CatalogueEntry, catalogue } from '../../segmentation/catalogue.ts';
import { code, markdownTable, page, plain } from './markdown.ts';

const TITLES = { person: 'People', company: 'Companies', deal: 'Deals' } as const;
const EMPTY = { unknown: '', false: 'no', zero: '0' } as const;

/** The standard attributes, with what feeds them in each CRM. */
export function attributesPage(): string {
  const parts = AttributeOwner.options.flatMap((owner) => [
    `## ${TITLES[owner]}`,
    markdownTable(
      ['attribute', 'name', 'type', 'kind', 'HubSpot', 'Salesforce', 'empty means', 'note'],
      catalogue.filter(({ attribute }) => attribute.owner === owner).map(rowOf),
    ),
  ]);
  return page(
    'Attributes',
    'What segments can be made of: the standard attributes, and which properties feed them by default, the first that an account has. Connecting maps what is there; Connections and `attributes` show it, and an admin may map others. An attribute without a property needs one of yours, named as in the table. **Empty means**: what an empty value in the CRM stands for; where nothing is said, it is unknown, and no comparison with it holds.',
    parts,
  );
}

function rowOf({ attribute, mappings }: CatalogueEntry): string[] {
  const from = (system: string) =>
    mappings
      .filter((mapping) => mapping.system === system)
      .flatMap(({ properties }) => properties.map(code))
      .join(', ');
  const notes = [
    attribute.source === 'computed' ? 'computed from deals' : '',
    attribute.sensitivity === 'normal' ? '' : attribute.sensitivity,
    attribute.repVisible ? '' : 'not shown to reps',
  ].filter(Boolean);
  return [
    code(attribute.key),
    plain(attribute.name),
    attribute.type,
    attribute.kind,
    from('hubspot'),
    from('salesforce'),
    EMPTY[attribute.empty],
    notes.join(', '),
  ];
}
