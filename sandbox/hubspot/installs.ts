import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';

export type Install = { refreshToken: string; scopes: Set<string>; isActive: boolean };
type Access = { install: Install; expiresAt: number };

/** What an access token is worth now. */
export type TokenState =
  | { state: 'valid'; install: Install; expiresAt: number }
  | { state: 'expired'; forMs: number }
  | { state: 'revoked' }
  | { state: 'unknown' };

const secret = (prefix: string) => `${prefix}-${randomBytes(24).toString('base64url')}`;

const CODE_LIFE_MS = 600_000;

/** The app's installs in this portal and the tokens given out for them. */
export class Installs {
  readonly #clock: Clock;
  readonly #tokenLifeMs: number;
  readonly #rotates: boolean;
  #codes = new Map<string, { scopes: Set<string>; redirectUri: string; expiresAt: number }>();
  #access = new Map<string, Access>();
  #refresh = new Map<string, Install>();

  constructor(options: { clock: Clock; tokenLifeMs: number; rotates: boolean }) {
    this.#clock = options.clock;
    this.#tokenLifeMs = options.tokenLifeMs;
    this.#rotates = options.rotates;
  }

  code(scopes: Set<string>, redirectUri: string): string {
    const code = secret('code');
    this.#codes.set(code, { scopes, redirectUri, expiresAt: this.#clock.now() + CODE_LIFE_MS });
    return code;
  }

  /** A code works once and for its own redirect address. */
  redeem(code: string, redirectUri: string): Install | undefined {
    const found = this.#codes.get(code);
    this.#codes.delete(code);
    if (!found || found.redirectUri !== redirectUri || found.expiresAt <= this.#clock.now()) return undefined;
    return this.add(found.scopes);
  }

  add(scopes: Set<string>): Install {
    const install = { refreshToken: secret('refresh'), scopes, isActive: true };
    this.#refresh.set(install.refreshToken, install);
    return install;
  }

  byRefreshToken(token: string): Install | undefined {
    const install = this.#refresh.get(token);
    return install?.isActive ? install : undefined;
  }

  /** A new access token; with rotation also a new refresh token, and the old one is dead. */
  renew(install: Install): { accessToken: string; refreshToken: string; expiresIn: number } {
    if (this.#rotates) {
      this.#refresh.delete(install.refreshToken);
      install.refreshToken = secret('refresh');
      this.#refresh.set(install.refreshToken, install);
    }
    return this.issue(install);
  }

  issue(install: Install): { accessToken: string; refreshToken: string; expiresIn: number } {
    const accessToken = secret('access');
    this.#access.set(accessToken, { install, expiresAt: this.#clock.now() + this.#tokenLifeMs });
    return {
      accessToken,
      refreshToken: install.refreshToken,
      expiresIn: Math.floor(this.#tokenLifeMs / 1000),
    };
  }

  state(accessToken: string): TokenState {
    const access = this.#access.get(accessToken);
    if (!access) return { state: 'unknown' };
    if (!access.install.isActive) return { state: 'revoked' };
    const forMs = this.#clock.now() - access.expiresAt;
    return forMs >= 0
      ? { state: 'expired', forMs }
      : { state: 'valid', install: access.install, expiresAt: access.expiresAt };
  }

  /** The refresh token stops working; access tokens live on to their end, as at HubSpot. */
  revokeRefreshToken(token: string): void {
    this.#refresh.delete(token);
  }

  uninstall(install: Install): void {
    install.isActive = false;
  }

  uninstallAll(): void {
    for (const install of this.#refresh.values()) install.isActive = false;
    for (const { install } of this.#access.values()) install.isActive = false;
  }
}
