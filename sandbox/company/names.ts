/** Where people live and what they are called there. */

export type Country = {
  code: string;
  name: string;
  weight: number;
  language: string;
  timeZone: string;
  currency: 'USD' | 'EUR' | 'GBP';
  domain: string;
  places: readonly (readonly [city: string, state: string])[];
  first: readonly string[];
  last: readonly string[];
};

const words = (text: string) => text.trim().split(/\s+/);

export const COUNTRIES: readonly Country[] = [
  {
    code: 'US',
    name: 'United States',
    weight: 58,
    language: 'en',
    timeZone: 'America/New_York',
    currency: 'USD',
    domain: 'com',
    places: [
      ['New York', 'NY'],
      ['Los Angeles', 'CA'],
      ['Chicago', 'IL'],
      ['Houston', 'TX'],
      ['Austin', 'TX'],
      ['Seattle', 'WA'],
      ['Denver', 'CO'],
      ['Boston', 'MA'],
      ['Atlanta', 'GA'],
      ['Portland', 'OR'],
      ['Columbus', 'OH'],
      ['Miami', 'FL'],
    ],
    first: words(
      'James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan Joseph Jessica Thomas Sarah Christopher Karen Daniel Lisa Matthew Nancy Anthony Betty Mark Sandra Steven Ashley Andrew Emily Kevin Michelle Brian Amanda Jason Melissa Tyler Deborah Aaron Stephanie Jose Rebecca Maria Luis Priya Wei Aisha Hiroshi',
    ),
    last: words(
      'Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Patel Chen Kim',
    ),
  },
  {
    code: 'GB',
    name: 'United Kingdom',
    weight: 12,
    language: 'en-gb',
    timeZone: 'Europe/London',
    currency: 'GBP',
    domain: 'co.uk',
    places: [
      ['London', 'England'],
      ['Manchester', 'England'],
      ['Leeds', 'England'],
      ['Bristol', 'England'],
      ['Glasgow', 'Scotland'],
      ['Cardiff', 'Wales'],
    ],
    first: words(
      'Oliver Amelia George Isla Harry Ava Noah Ivy Jack Freya Leo Lily Oscar Florence Arthur Mia Muhammad Willow Henry Rosie Alfie Sophia Freddie Isabella',
    ),
    last: words(
      "Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Robinson Wright Thompson Evans Walker White Roberts Green Hall Wood Jackson Clarke Khan Hughes O'Connor MacDonald",
    ),
  },
  {
    code: 'DE',
    name: 'Germany',
    weight: 10,
    language: 'de',
    timeZone: 'Europe/Berlin',
    currency: 'EUR',
    domain: 'de',
    places: [
      ['Berlin', 'Berlin'],
      ['Hamburg', 'Hamburg'],
      ['München', 'Bayern'],
      ['Köln', 'Nordrhein-Westfalen'],
      ['Leipzig', 'Sachsen'],
      ['Stuttgart', 'Baden-Württemberg'],
    ],
    first: words(
      'Lukas Emma Leon Hannah Finn Mia Jonas Lea Paul Anna Felix Lena Jürgen Käthe Björn Jörg Sophie Maximilian Marie Tim Laura Niklas Julia Sören Ayşe',
    ),
    last: words(
      'Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Yılmaz Großmann',
    ),
  },
  {
    code: 'FR',
    name: 'France',
    weight: 7,
    language: 'fr',
    timeZone: 'Europe/Paris',
    currency: 'EUR',
    domain: 'fr',
    places: [
      ['Paris', 'Île-de-France'],
      ['Lyon', 'Auvergne-Rhône-Alpes'],
      ['Marseille', "Provence-Alpes-Côte d'Azur"],
      ['Toulouse', 'Occitanie'],
      ['Nantes', 'Pays de la Loire'],
    ],
    first: words(
      'Gabriel Louise Léo Jade Raphaël Emma Louis Ambre Jules Alice Adam Rose Arthur Chloé Hugo Zoé Maël Inès Étienne Élodie François Anaïs',
    ),
    last: words(
      'Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefèvre Leroy Roux David Bertrand Morel Fournier Girard Bonnet Dupont Lambert',
    ),
  },
  {
    code: 'CA',
    name: 'Canada',
    weight: 7,
    language: 'en',
    timeZone: 'America/Toronto',
    currency: 'USD',
    domain: 'ca',
    places: [
      ['Toronto', 'ON'],
      ['Montréal', 'QC'],
      ['Vancouver', 'BC'],
      ['Calgary', 'AB'],
      ['Ottawa', 'ON'],
    ],
    first: words(
      'Liam Olivia Noah Emma Benjamin Charlotte Lucas Chloe Ethan Zoey Nathan Léa Samuel Alice Jacob Ella Simran Arjun',
    ),
    last: words(
      'Tremblay Smith Roy Brown Gagnon Singh Martin Côté Bouchard Gauthier Wilson Campbell MacDonald Lavoie Morin Fortin Wong Anderson',
    ),
  },
  {
    code: 'ES',
    name: 'Spain',
    weight: 6,
    language: 'es',
    timeZone: 'Europe/Madrid',
    currency: 'EUR',
    domain: 'es',
    places: [
      ['Madrid', 'Madrid'],
      ['Barcelona', 'Cataluña'],
      ['Valencia', 'Comunidad Valenciana'],
      ['Sevilla', 'Andalucía'],
    ],
    first: words(
      'Hugo Lucía Martín Sofía Lucas María Mateo Martina Leo Paula Daniel Julia Alejandro Emma Pablo Valeria Íñigo Begoña',
    ),
    last: words(
      'García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz Moreno Muñoz Álvarez Núñez',
    ),
  },
];

export const COMPANY_WORDS = words(
  'Northwind Contoso Acme Bluebird Summit Harbor Cedar Pioneer Evergreen Granite Lumen Orchard Meridian Atlas Beacon Copper Delta Falcon Horizon Juniper Keystone Lakeside Maple Nimbus Oakwood Pinnacle Quarry Riverside Silverline Tidewater Umbra Vertex Willow Zephyr Crescent Driftwood Ember Foxglove Glacier Heron Ironwood Jasper Kestrel Larkspur',
);
export const COMPANY_KINDS = words(
  'Systems Foods Logistics Health Labs Energy Retail Media Partners Bank Insurance Works Textiles Robotics Travel Studios Motors Networks Analytics Furniture',
);
export const COMPANY_ENDINGS: Record<string, readonly string[]> = {
  US: ['Inc.', 'LLC', 'Corp.'],
  GB: ['Ltd', 'plc'],
  DE: ['GmbH', 'AG'],
  FR: ['SAS', 'SA'],
  CA: ['Inc.'],
  ES: ['S.L.', 'S.A.'],
};

export const TITLES: readonly (readonly [title: string, seniority: string, weight: number])[] = [
  ['Sales Representative', 'employee', 18],
  ['Marketing Specialist', 'employee', 14],
  ['Software Engineer', 'employee', 14],
  ['Office Manager', 'manager', 9],
  ['Operations Manager', 'manager', 12],
  ['Procurement Manager', 'manager', 8],
  ['Head of Finance', 'director', 6],
  ['Director of IT', 'director', 6],
  ['VP Sales', 'vp', 4],
  ['VP Engineering', 'vp', 3],
  ['Chief Financial Officer', 'executive', 2],
  ['Chief Executive Officer', 'executive', 2],
  ['Owner', 'owner', 2],
];

export const MAIL_PROVIDERS = [
  'example.com',
  'example.org',
  'example.net',
  'mail.example',
  'post.example',
  'inbox.example',
];
