/** The names of what answers give by key: `rfm.at_risk` is "At risk" of "Purchase behaviour (RFM)". */
import { useMemo } from 'react';
import { useApi } from '../query.ts';

export type Names = {
  set(key: string): string;
  /** Of `SET.SEGMENT`, without its set's name where that is `within`. */
  segment(label: string, within?: string): string;
  /** Of a person's attribute, `company.KEY` of their company's; `column: option` keeps the option. */
  attribute(column: string): string;
  /** Is it a day or an instant? Methods count those as days ago. */
  isDate(column: string): boolean;
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
    return {
      set,
      segment: (label, within) => {
        const [key = '', segment = ''] = label.split('.');
        const known = sets?.items.find((one) => one.key === key)?.segments.find((one) => one.key === segment);
        const name = known?.name ?? (segment || label);
        return key === within ? name : `${set(key)}: ${name}`;
      },
      attribute: (column) => {
        const { attribute, isOfCompany, option, key } = found(column);
        const name = attribute?.name ?? key.replaceAll('_', ' ');
        return `${isOfCompany ? 'Company: ' : ''}${name}${option && `: ${option}`}`;
      },
      isDate: (column) => /^date/.test(found(column).attribute?.type ?? ''),
    };
  }, [sets, attributes, subject]);
}
