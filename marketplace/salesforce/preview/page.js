import '@lwc/synthetic-shadow';
import SegmentSyncCard from 'c/segmentSyncCard';
import SegmentSyncSetup from 'c/segmentSyncSetup';
import { createElement } from 'lwc';
import { STATES } from './states.js';

/** `#setup`, or names of states with commas between; without any, all states side by side. */
const wanted = location.hash.slice(1);
const states = wanted === '' ? Object.keys(STATES) : wanted.split(',');

if (wanted === 'setup') {
  document.body.append(createElement('c-segment-sync-setup', { is: SegmentSyncSetup }));
}
for (const state of states.filter((name) => name in STATES)) {
  const figure = document.createElement('figure');
  const card = createElement('c-segment-sync-card', { is: SegmentSyncCard });
  Object.assign(card, { recordId: state, objectApiName: 'Contact' });
  if (wanted === '')
    figure.append(Object.assign(document.createElement('figcaption'), { textContent: state }));
  figure.append(card);
  document.body.append(figure);
}
