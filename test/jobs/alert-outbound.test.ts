import { describe, expect, it } from 'vitest';
import { checkOutboundUrl, isPublicAddress, postOutbound } from '../../jobs/alert-outbound.ts';

describe('where alerts may go', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.0.1',
    '169.254.169.254',
    '0.0.0.0',
    '100.64.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fc00::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::a00:1',
    '2002:a00:1::',
    '2001:db8::1',
  ])('%s is not public', (address) => expect(isPublicAddress(address)).toBe(false));

  it.each(['8.8.8.8', '172.32.0.1', '2606:4700::1111'])('%s is', (address) =>
    expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    'http://hooks.slack.com/x',
    'https://user:password@hooks.slack.com/x',
    'https://127.0.0.1/x',
    'https://2130706433/x',
    'https://0x7f.1/x',
    'https://[::1]/x',
    'https://[::ffff:169.254.169.254]/x',
    'https://localhost/x',
    'https://metadata/x',
    'file:///etc/passwd',
    'gopher://hooks.slack.com',
    'no address',
  ])('%s is refused when it is typed in', (url) =>
    expect(() => checkOutboundUrl(url, false)).toThrow("can't be sent there"),
  );

  it('a name that leads into a private network is refused when it is looked up', async () => {
    // The resolver answers 127.0.0.1 for everything under localhost.
    await expect(postOutbound('https://rebind.localhost/x', {}, false)).rejects.toThrow(
      'could not be reached',
    );
  });
});
