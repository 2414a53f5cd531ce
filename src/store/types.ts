import pg from 'pg';

const DATE = 1082;
const DATE_ARRAY = 1182;
const TEXT_ARRAY = 1009;
const NUMERIC_ARRAY = 1231;

// The driver's declaration lists the types it knows by name; it takes any.
const driverParser: (oid: number, format?: 'text' | 'binary') => unknown = pg.types.getTypeParser;

const asText = (value: string) => value;

/**
 * How columns become values, on both stores: int8, numeric and date as text (a double would lose cents, a Date
 * would shift the day), timestamptz as Date, json parsed. Given to each pool; the driver's global table stays.
 */
export const columnTypes: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === DATE) return asText;
    if (oid === DATE_ARRAY || oid === NUMERIC_ARRAY) return driverParser(TEXT_ARRAY);
    return driverParser(oid, format);
  },
};
