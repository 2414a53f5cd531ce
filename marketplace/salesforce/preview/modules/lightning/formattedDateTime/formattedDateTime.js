import { api, LightningElement } from 'lwc';

export default class FormattedDateTime extends LightningElement {
  @api value;
  @api year;
  @api month;
  @api day;

  get text() {
    const { year, month, day } = this;
    return new Intl.DateTimeFormat('en', { year, month, day, timeZone: 'UTC' }).format(new Date(this.value));
  }
}
