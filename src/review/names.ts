/** Words that customers should not read about themselves: CRMs, mails and access requests show segment names. */
const HURTFUL =
  /\b(worst|losers?|junk|garbage|worthless|useless|cheap|cheapskates?|stingy|poor|broke|stupid|dumb|idiots?|annoying|difficult|problem|bad|ugly|fat|dead|deadbeats?|zombies?|whales?|suckers?|victims?|low[- ]value|low[- ]worth|unprofitable|unwanted|undesirables?|complainers?|nuisance)\b/i;

/** Words that tell of what the law protects, or of what people keep to themselves. */
const PRIVATE =
  /\b(sick|ill|illness|disease|disabled|pregnan\w*|divorce\w*|widow\w*|gay|lesbian|muslims?|christians?|jews?|jewish|catholics?|ethnic\w*|religio\w*|debts?|indebted|bankrupt\w*|unemployed|addict\w*|depress\w*)\b/i;

const PLACEHOLDER =
  /\b(tmp|temp|foo|todo|untitled|copy of|new segment|(segment|group|cluster|type) ?\d+|v\d+)\b/i;
const CODE = /_|^[A-Z0-9]{2,}([- ]?\d+)?$|^\W*$/;
/** Initials that customers know. */
const KNOWN_INITIALS = /^(VIPS?|B2B|B2C|SMB|SMES?)$/;

/** Why a segment's name is not fit for the customer to read; null where it is. */
export function faultOfName(name: string): string | null {
  const hurtful = HURTFUL.exec(name);
  if (hurtful) return `"${hurtful[0]}" offends whoever reads it about themselves`;
  const personal = PRIVATE.exec(name);
  if (personal) return `"${personal[0]}" tells of something private`;
  const isCode = CODE.test(name.trim()) && !KNOWN_INITIALS.test(name.trim());
  return isCode || PLACEHOLDER.test(name) ? 'nobody outside can tell who is meant' : null;
}
