import {
  API_VERSION,
  CARD_PATH,
  NAMESPACE,
  ORG_HEADER,
  REDIRECT_PATH,
  SCOPES,
} from '../connectors/salesforce/app.ts';
import { fieldFiles, metadataFile } from '../connectors/salesforce/bundle.ts';
import type { XmlObject } from '../connectors/salesforce/xml.ts';
import { jsonText } from './json-text.ts';
import type { Publisher } from './publisher.ts';
import { APP, APP_LABEL, CARD_CLASS, clientApp, credentials, permissionSets } from './salesforce-access.ts';
import { builtIn, fieldsOf, SOBJECTS } from './salesforce-fields.ts';
import { listViews, reportTypes, setupPage } from './salesforce-views.ts';

/** What the publisher enters by hand. */
const OAUTH_SETTINGS = 'oauth-settings.json';

const SOURCE = 'force-app/main/default';

/** The version of the package that is worked on. */
const VERSION = '0.1.0';

/**
 * The generated files of the Salesforce package: path in marketplace/salesforce -> text. The same for the same
 * publisher.
 */
export function salesforcePackage({
  publicUrl,
  supportEmail,
  salesforceOauthLink,
  salesforcePackageId,
}: Publisher): Record<string, string> {
  const fields = fieldsOf(builtIn());
  const components = {
    ...clientApp(supportEmail, salesforceOauthLink),
    ...credentials(publicUrl),
    ...fieldFiles(fields),
    ...permissionSets(fields),
    ...listViews(fields),
    ...reportTypes(fields),
    ...setupPage(),
    ...code(),
    ...labels(publicUrl),
  };
  const files: Record<string, string> = {
    'sfdx-project.json': project(salesforcePackageId),
    [OAUTH_SETTINGS]: oauthSettings(publicUrl),
  };
  for (const [path, text] of Object.entries(components)) files[`${SOURCE}/${path}`] = text;
  return Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Is a path of the package written by the generator? The code, its tests and the tools are written by hand. */
export const isGenerated = (path: string) =>
  ['sfdx-project.json', OAUTH_SETTINGS].includes(path) ||
  (path.startsWith(`${SOURCE}/`) && (path.endsWith('-meta.xml') || !/\/(classes|lwc)\//.test(path)));

/** https://developer.salesforce.com/docs/atlas.en-us.sfdx_dev.meta/sfdx_dev/sfdx_dev_ws_config.htm */
const project = (packageId: string | null) =>
  jsonText({
    packageDirectories: [
      {
        path: 'force-app',
        default: true,
        package: APP_LABEL,
        versionName: `ver ${VERSION.slice(0, 3)}`,
        versionNumber: `${VERSION}.NEXT`,
      },
    ],
    name: 'segment-sync',
    namespace: NAMESPACE,
    sfdcLoginUrl: 'https://login.salesforce.com',
    sourceApiVersion: API_VERSION,
    ...(packageId !== null && { packageAliases: { [APP_LABEL]: packageId } }),
  });

/** What the publisher enters by hand, as no package may hold it: the settings of the External Client App's OAuth. */
const oauthSettings = (publicUrl: string) =>
  jsonText({
    callbackUrl: `${publicUrl}${REDIRECT_PATH}`,
    scopes: SCOPES.map(({ name, why }) => ({ name, why })),
    flow: 'web server, with a secret',
    pkceRequired: true,
    refreshTokenRotation: true,
    card: { url: `${publicUrl}${CARD_PATH}`, orgHeader: ORG_HEADER },
  });

const meta = (type: string, content: XmlObject) =>
  metadataFile(type, { apiVersion: API_VERSION, ...content });

/** What stands beside the Apex classes and the components; their code is written by hand. */
function code(): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of [CARD_CLASS, `${CARD_CLASS}Test`]) {
    files[`classes/${name}.cls-meta.xml`] = meta('ApexClass', { status: 'Active' });
  }
  files['lwc/segmentSyncCard/segmentSyncCard.js-meta.xml'] = meta('LightningComponentBundle', {
    description: 'Which segments the record is in, why, and what to do next.',
    isExposed: true,
    masterLabel: APP_LABEL,
    targets: { target: 'lightning__RecordPage' },
    targetConfigs: {
      targetConfig: { '@targets': 'lightning__RecordPage', objects: { object: [...SOBJECTS] } },
    },
  });
  files['lwc/segmentSyncSetup/segmentSyncSetup.js-meta.xml'] = meta('LightningComponentBundle', {
    description: 'Leads an admin through the setup of Segment Sync.',
    isExposed: true,
    masterLabel: `${APP_LABEL} setup`,
    targets: { target: ['lightning__Tab', 'lightning__AppPage'] },
  });
  return files;
}

const labels = (publicUrl: string) => ({
  'labels/CustomLabels.labels-meta.xml': metadataFile('CustomLabels', {
    labels: {
      fullName: `${APP}_Workspace`,
      language: 'en_US',
      protected: true,
      shortDescription: 'Where the workspace is',
      value: publicUrl,
    },
  }),
});
