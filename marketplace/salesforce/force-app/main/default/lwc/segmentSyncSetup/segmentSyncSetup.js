import check from '@salesforce/apex/SegmentSyncCard.check';
import workspace from '@salesforce/label/c.Segment_Sync_Workspace';
import { LightningElement } from 'lwc';

const SETUP = '/lightning/setup';

/** What each answer means for the admin. */
const RESULTS = {
  ok: { text: 'Connected: Segment Sync knows this org and its token.', tone: 'slds-theme_success' },
  signed_out: {
    text: 'Segment Sync refuses the token. Make a new one in the workspace and enter it in step 2.',
    tone: 'slds-theme_warning',
  },
  failed: {
    text: 'No answer. Are the token (step 2) and your permission set (step 3) in place? Else the workspace is not reachable from Salesforce at the moment.',
    tone: 'slds-theme_warning',
  },
};
const BOX = 'slds-box slds-box_x-small slds-m-top_small result';

/** Leads an admin from the installed package to labels on records. */
export default class SegmentSyncSetup extends LightningElement {
  workspace = workspace;
  credentialsPage = `${SETUP}/NamedCredential/home`;
  permissionSetsPage = `${SETUP}/PermSets/home`;
  objectsPage = `${SETUP}/ObjectManager/home`;

  isChecking = false;
  answer;

  async check() {
    this.isChecking = true;
    try {
      this.answer = (await check()).state;
    } catch {
      // Apex refuses users without the permission set.
      this.answer = 'failed';
    } finally {
      this.isChecking = false;
    }
  }

  get result() {
    if (this.answer === undefined) return null;
    const { text, tone } = RESULTS[this.answer] ?? RESULTS.failed;
    return { text, tone: `${BOX} ${tone}` };
  }
}
