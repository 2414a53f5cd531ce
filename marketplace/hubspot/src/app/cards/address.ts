// Written by `npm run marketplace` from connectors/hubspot/app.ts: change it there.

/** What the card shows is asked for here. */
export const CARD_URL = 'https://segments.example.com/api/card/hubspot';

/** The workspace itself, where an account is connected. */
export const WORKSPACE_URL = 'https://segments.example.com/';

/** HubSpot's object type ids and our words for them. */
export const OBJECT_TYPES: Readonly<Record<string, 'contact' | 'company'>> = {
  '0-1': 'contact',
  '0-2': 'company',
};
