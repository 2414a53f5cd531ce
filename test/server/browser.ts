import type { ServerRig, Visitor } from './rig.ts';

/** A browser as far as cookies and redirects go: it follows no redirect by itself, so that a test sees each step. */
export class Browser {
  readonly #rig: ServerRig;
  readonly #cookies = new Map<string, string>();

  constructor(rig: ServerRig, signedIn?: Visitor) {
    this.#rig = rig;
    if (signedIn) this.#keep(signedIn.cookie);
  }

  /** Goes to a path of ours, or to a whole address, as a click on a link would. */
  async visit(address: string): Promise<Response> {
    const url = new URL(address, this.#rig.url);
    const isOurs = url.origin === new URL(this.#rig.url).origin;
    const response = await fetch(url, {
      redirect: 'manual',
      ...(isOurs && { headers: { cookie: this.cookies } }),
    });
    if (isOurs) for (const line of response.headers.getSetCookie()) this.#keep(line);
    return response;
  }

  /** Opens a one-time link and presses its button. */
  async takeLink(address: string): Promise<Response> {
    await this.visit(address);
    const response = await this.#rig.ask(
      null,
      'POST',
      '/sign-in/link',
      new URLSearchParams({ token: new URL(address).searchParams.get('token') ?? '' }).toString(),
      { cookie: this.cookies, 'content-type': 'application/x-www-form-urlencoded' },
    );
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return response;
  }

  /** An unsafe request from one of our pages, with the session's token. */
  async send(as: Visitor, method: string, path: string, body?: unknown): Promise<Response> {
    const response = await this.#rig.ask(as, method, path, body, { cookie: this.cookies });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return response;
  }

  /** Follows where an answer leads, up to the next page that is no redirect. */
  async follow(address: string): Promise<{ response: Response; path: string }> {
    let next = address;
    for (let step = 0; step < 10; step += 1) {
      const response = await this.visit(next);
      const location = response.headers.get('location');
      const { pathname, search } = new URL(next, this.#rig.url);
      if (location === null) return { response, path: pathname + search };
      next = new URL(location, new URL(next, this.#rig.url)).href;
    }
    throw new Error('the redirects do not end');
  }

  get cookies(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  cookie(name: string): string | undefined {
    return this.#cookies.get(name);
  }

  #keep(line: string): void {
    const [pair = '', ...rest] = line.split('; ');
    const at = pair.indexOf('=');
    const name = pair.slice(0, at);
    if (rest.some((one) => /^max-age=0$/i.test(one))) this.#cookies.delete(name);
    else this.#cookies.set(name, pair.slice(at + 1));
  }
}
