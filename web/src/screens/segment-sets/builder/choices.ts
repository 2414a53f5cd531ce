/** What a rule can be about, as the screen offers it: attributes by kind, deals, segments, scores. */
import { createContext, useContext, useMemo } from 'react';
import type { AttributeOwner, AttributeType, SubjectType } from '../../../../../src/model/attribute.ts';
import { nameWithin } from '../../../../../src/model/name-within.ts';
import { scoreName } from '../../../../../src/segmentation/score-names.ts';
import type { Answer } from '../../../api.ts';
import { useApi } from '../../../query.ts';
import { fieldOf, readField } from './tree.ts';

export type AttributeChoice = Answer<'GET /api/attributes'>['attributes'][number];

export type FieldChoice = {
  field: string;
  label: string;
  group: string;
  type: AttributeType | null;
  attribute: AttributeChoice | null;
};

export type Choices = {
  subject: SubjectType;
  currency: string;
  fields: FieldChoice[];
  segments: Record<SubjectType, { value: string; label: string; group: string }[]>;
  operatorsOf(type: AttributeType): string[];
  attribute(owner: AttributeOwner, key: string): AttributeChoice | undefined;
  ofOwner(owner: AttributeOwner): AttributeChoice[];
};

/** Of a set that does not exist yet or is edited: its own segments can't be conditions of themselves. */
export function useChoices(subject: SubjectType, own: string, currency: string): Choices | null {
  const attributes = useApi('GET /api/attributes').data;
  const sets = useApi('GET /api/segmentations').data;
  return useMemo(() => {
    if (!attributes || !sets) return null;
    const others = sets.items.filter(({ key, state }) => key !== own && state !== 'retired');
    const segments = (of: SubjectType) =>
      others
        .filter((set) => set.subject === of)
        .flatMap((set) =>
          set.segments.map(({ key, name }) => ({
            value: `${set.key}.${key}`,
            label: name,
            group: set.name,
          })),
        );
    const ofOwner = (owner: AttributeOwner) => attributes.attributes.filter((one) => one.owner === owner);
    const attributeFields = (owner: SubjectType, ofCompany: boolean): FieldChoice[] =>
      ofOwner(owner).map((attribute) => ({
        field: fieldOf({ kind: 'attribute', ofCompany, name: attribute.key }),
        label: ofCompany ? `Company: ${attribute.name}` : attribute.name,
        group: ofCompany ? 'Their company' : KINDS[attribute.kind],
        type: attribute.type,
        attribute,
      }));
    const scoreFields = (of: SubjectType, ofCompany: boolean): FieldChoice[] =>
      others
        .filter((set) => set.subject === of)
        .flatMap((set) =>
          set.scores.map((score) => ({
            field: fieldOf({ kind: 'score', ofCompany, name: `${set.key}.${score}` }),
            label: `${ofCompany ? 'Company: ' : ''}${nameWithin(set.name, scoreName(score) ?? score.replaceAll('_', ' '))}`,
            group: 'Scores',
            type: 'number' as const,
            attribute: null,
          })),
        );
    const plain = (field: string, label: string): FieldChoice => ({
      field,
      label,
      group: 'Deals and segments',
      type: null,
      attribute: null,
    });
    const fields: FieldChoice[] = [
      plain('deals', 'Deals'),
      plain('segment', 'Member of a segment'),
      ...(subject === 'person'
        ? [
            plain('company.deals', 'Deals of their company'),
            plain('company.segment', 'Their company is in a segment'),
          ]
        : [plain('contacts', 'People of the company')]),
      ...attributeFields(subject, false),
      ...(subject === 'person' ? attributeFields('company', true) : []),
      ...scoreFields(subject, false),
      ...(subject === 'person' ? scoreFields('company', true) : []),
      plain('yaml', 'Anything else, as YAML'),
    ];
    return {
      subject,
      currency,
      fields,
      segments: { person: segments('person'), company: segments('company') },
      operatorsOf: (type) => attributes.operators[type] ?? [],
      attribute: (owner, key) => ofOwner(owner).find((one) => one.key === key),
      ofOwner,
    };
  }, [attributes, sets, subject, own, currency]);
}

const KINDS: Record<AttributeChoice['kind'], string> = {
  demographic: 'Who they are',
  geographic: 'Where they are',
  psychographic: 'What they value',
  behavioural: 'What they do',
  needs: 'What they need',
  value: 'What they bring',
  firmographic: 'Their organisation',
  lifecycle: 'Where they stand',
  identity: 'How they are known',
  consent: 'What they allow',
};

/** The type that a field's comparisons take; null where it has none. */
export function typeOfField(field: string, choices: Choices): AttributeType | null {
  const subject = readField(field);
  if (subject.kind === 'score') return 'number';
  if (subject.kind !== 'attribute') return null;
  const owner = subject.ofCompany ? 'company' : choices.subject;
  return choices.attribute(owner, subject.name)?.type ?? null;
}

export const ChoicesContext = createContext<Choices | null>(null);

export function useFieldChoices(): Choices {
  const choices = useContext(ChoicesContext);
  if (!choices) throw new Error('a rule stands outside the builder');
  return choices;
}
