import { api, LightningElement } from 'lwc';

export default class Badge extends LightningElement {
  @api label;

  connectedCallback() {
    this.classList.add('slds-badge');
  }
}
