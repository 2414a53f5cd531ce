import { api, LightningElement } from 'lwc';

export default class ButtonIcon extends LightningElement {
  @api iconName;
  @api alternativeText;
  @api title;
  @api disabled = false;
}
