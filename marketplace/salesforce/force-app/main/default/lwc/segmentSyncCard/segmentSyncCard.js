import askCard from '@salesforce/apex/SegmentSyncCard.card';
import workspace from '@salesforce/label/c.Segment_Sync_Workspace';
import { getObjectInfo } from 'lightning/uiObjectInfoApi';
import { getRecord, notifyRecordUpdateAvailable } from 'lightning/uiRecordApi';
import { api, LightningElement, wire } from 'lwc';
import { hiddenCount, labelFieldsOf, linkOf, parseCard, sectionsOf, staleDays } from './card-view';

/** What stands in the way, in words; the labels come from the record and are shown all the same. */
const NOTICES = {
  signed_out:
    'Segment Sync does not let this org in. The labels below are those last written; an admin can enter a new token in the app Segment Sync.',
  failed:
    'Segment Sync did not answer. The labels below are those last written; reasons and scores are missing. Try again in a minute.',
  unreadable: 'Salesforce could not show this record’s segments. Try again, or reload the page.',
  unknown: 'Segment Sync has not read this record yet. New records are labelled with the next run.',
  not_profiled: 'This person is not profiled, as they asked. No segments are worked out.',
};
const WARNINGS = ['signed_out', 'failed', 'unreadable'];

/** The segments of a contact, lead or account: labels, why, what to do next, scores. */
export default class SegmentSyncCard extends LightningElement {
  @api recordId;
  @api objectApiName;

  /** The record with our fields, once Salesforce has shown it. */
  record;
  labelFields = [];
  fieldNames;
  isUnreadable = false;
  /** What became of asking the app: undefined until it answered. */
  answerState;
  card = null;
  /** Names of our fields that the user may not see. */
  hiddenFields = [];
  asked = 0;

  @wire(getObjectInfo, { objectApiName: '$objectApiName' })
  seeObject({ data, error }) {
    if (error) this.isUnreadable = true;
    if (!data) return;
    this.labelFields = labelFieldsOf(data);
    const names = ['Id', 'PersonContactId', ...this.labelFields.map(({ apiName }) => apiName)];
    this.fieldNames = names.map((name) => `${this.objectApiName}.${name}`);
  }

  @wire(getRecord, { recordId: '$recordId', optionalFields: '$fieldNames' })
  seeRecord({ data, error }) {
    if (error) this.isUnreadable = true;
    if (!data) return;
    const isOther = this.record?.id !== data.id;
    this.isUnreadable = false;
    this.record = data;
    if (isOther) this.ask();
  }

  /** Asks the app about the record; a person account is known there by its contact. */
  async ask() {
    const turn = ++this.asked;
    this.answerState = undefined;
    const personId = this.record.fields.PersonContactId?.value;
    const subject = personId
      ? { objectName: 'Contact', recordId: personId }
      : { objectName: this.objectApiName, recordId: this.recordId };
    let state = 'failed';
    let card = null;
    let hiddenFields = [];
    try {
      const answer = await askCard(subject);
      hiddenFields = answer.hidden ?? [];
      card = answer.state === 'ok' ? parseCard(answer.body) : null;
      state = answer.state === 'ok' && card === null ? 'failed' : answer.state;
    } catch {
      // Apex itself failed: the notice says that reasons and scores are missing.
    }
    if (turn !== this.asked) return;
    this.answerState = state;
    this.card = card;
    this.hiddenFields = hiddenFields;
  }

  async refresh() {
    if (!this.record) return;
    await Promise.all([notifyRecordUpdateAvailable([{ recordId: this.recordId }]), this.ask()]);
  }

  get isLoading() {
    return !this.record && !this.isUnreadable;
  }

  get isAsking() {
    return this.record !== undefined && this.answerState === undefined;
  }

  get cannotRefresh() {
    return this.isLoading || this.isAsking;
  }

  get sections() {
    return this.record ? sectionsOf(this.labelFields, this.record, this.card, this.hiddenFields) : [];
  }

  get isEmpty() {
    const isSaid = ['unknown', 'not_profiled'].includes(this.card?.state);
    return this.record !== undefined && !this.isAsking && this.sections.length === 0 && !isSaid;
  }

  get notice() {
    if (this.isUnreadable) return noticeOf('unreadable');
    if (NOTICES[this.answerState]) return noticeOf(this.answerState);
    if (NOTICES[this.card?.state]) return noticeOf(this.card.state);
    const days = staleDays(this.card, Date.now());
    return days === null
      ? null
      : warning(`The last run ended ${days} days ago: these labels may be out of date.`);
  }

  get unseen() {
    const count = hiddenCount(this.labelFields, this.card, this.hiddenFields);
    if (count === 0) return null;
    return count === 1
      ? 'One more set of segments is hidden from you.'
      : `${count} more sets of segments are hidden from you.`;
  }

  get scores() {
    return (this.card?.scores ?? []).map((score) => ({ ...score, key: score.name }));
  }

  get hasScores() {
    return this.scores.length > 0;
  }

  get lastRun() {
    return this.card?.lastRun?.endedAt ?? null;
  }

  get link() {
    return linkOf(this.card?.url, workspace);
  }
}

const NOTICE = 'slds-box slds-box_x-small slds-m-bottom_small notice';
const warning = (text) => ({ text, tone: `${NOTICE} warning` });
const noticeOf = (state) =>
  WARNINGS.includes(state)
    ? warning(NOTICES[state])
    : { text: NOTICES[state], tone: `${NOTICE} slds-theme_shade` };
