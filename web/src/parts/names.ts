/** The names of what answers give by key: `rfm.at_risk` is "At risk" of "Purchase behaviour (RFM)". */
import { useMemo } from 'react';
import type { AttributeType } from '../../../src/model/attribute.ts';
import { nameWithin } from '../../../src/model/name-within.ts';
import { useApi } from '../query.ts';

export type Names = {
  set(key: string): string;
  /** Of `SET.SEGMENT`, without its set's name where that is `within`. */
  segment(label: string, within?: string): string;
  /** Of a person's attribute, `company.KEY` of their company's; `column: option` keeps the option. */
  attribute(column: string): string;
  /** Undefined for what is no attribute. */
  type(column: string): AttributeType | undefined;
};

export function useNames(subject: 'person' | 'company' = 'person'): Names {
  const sets = useApi('GET /api/segmentations').data;
  const attributes = useApi('GET /api/attributes').data;
  return useMemo(() => {
    const found = (column: string) => {
      const [key = '', ...option] = column.split(': ');
      const isOfCompany = key.startsWith('company.');
      const own = isOfCompany ? key.slice('company.'.length) : key;
      const owner = isOfCompany ? 'company' : subject;
      const attribute = attributes?.attributes.find((one) => one.owner === owner && one.key === own);
      return { attribute, isOfCompany, option: option.join(': '), key: own };
    };
    const set = (key: string) => sets?.items.find((one) => one.key === key)?.name ?? key;
    const segmentOf = (label: string) => {
      const [key = '', segment = ''] = label.split('.');
      return sets?.items.find((one) => one.key === key)?.segments.find((one) => one.key === segment)?.name;
    };
    const segment: Names['segment'] = (label, within) => {
      const [key = '', own = ''] = label.split('.');
      const name = segmentOf(label) ?? (own || label);
      return key === within ? name : nameWithin(set(key), name);
    };
    const attributeName: Names['attribute'] = (column) => {
      const { attribute, isOfCompany, option, key } = found(column);
      const name = attribute?.name ?? key.replaceAll('_', ' ');
      return `${isOfCompany ? 'Company: ' : ''}${name}${option && `: ${option}`}`;
    };
    return {
      set,
      segment,
      attribute: attributeName,
      type: (column) => found(column).attribute?.type,
    };
  }, [sets, attributes, subject]);
}
