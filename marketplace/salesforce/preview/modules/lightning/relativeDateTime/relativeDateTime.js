import { api, LightningElement } from 'lwc';

const HOUR_MS = 3_600_000;

export default class RelativeDateTime extends LightningElement {
  @api value;

  get text() {
    const hours = Math.round((Date.now() - Date.parse(this.value)) / HOUR_MS);
    return hours < 48 ? `${hours} hours ago` : `${Math.floor(hours / 24)} days ago`;
  }
}
