/** `Shop customers: label`; a name that ends its own sentence keeps that end: `Still a customer? label`. */
export const nameWithin = (whole: string, part: string): string =>
  `${whole}${/[?!.:]$/.test(whole) ? '' : ':'} ${part}`;
