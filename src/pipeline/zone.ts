import { IANAZone } from 'luxon';

/** Is this the name of a time zone, as in the IANA list? */
export const isZone = (name: string): boolean => IANAZone.isValidZone(name);
